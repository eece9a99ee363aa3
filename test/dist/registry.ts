import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { mustRun } from './support.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
}

export interface Registry {
  readonly url: string;
  /** The packages that npm asked for and that are not there. */
  readonly missing: Set<string>;
  readonly close: () => Promise<void>;
}

/** An npm registry on loopback that has the packages in these files and no other. */
export async function openRegistry(files: readonly string[]): Promise<Registry> {
  const missing = new Set<string>();
  const documents = new Map<string, (url: string) => object>();
  const tarballs = new Map<string, Buffer>();
  for (const file of files) {
    const bytes = readFileSync(file);
    const manifest = readManifest(file);
    tarballs.set(basename(file), bytes);
    documents.set(manifest.name, (url) => describePackage(file, manifest, bytes, url));
  }
  const server = createServer(({ url = '', headers }, response) => {
    const path = decodeURIComponent(url.slice(1));
    const document = documents.get(path)?.(`http://${headers.host}`);
    const body = tarballs.get(path) ?? (document && JSON.stringify(document));
    if (body === undefined) missing.add(path);
    response.writeHead(body === undefined ? 404 : 200).end(body ?? '{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, missing, close };
}

const readManifest = (file: string) =>
  JSON.parse(mustRun('tar', ['-xzOf', file, 'package/package.json'])) as Manifest;

function describePackage(file: string, manifest: Manifest, bytes: Buffer, url: string): object {
  const { name, version } = manifest;
  const hash = (algorithm: string) => createHash(algorithm).update(bytes);
  const dist = {
    tarball: `${url}/${basename(file)}`,
    shasum: hash('sha1').digest('hex'),
    integrity: `sha512-${hash('sha512').digest('base64')}`,
  };
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
  };
}
