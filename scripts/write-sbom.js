/*
 * Prints the bill of materials of a release, in the format CycloneDX: the npm packages that are in the bundles, those that
 * npm installs with hookbus, as `npm sbom` describes both, and other parts. Run it from the root of the repository:
 *
 *   node scripts/write-sbom.js [NAME@VERSION...]      such as node@22.23.2
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledFolders } from './bundled-packages.js';

const words = ['--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
const { status, stdout, stderr } = spawnSync('npm', ['sbom', ...words], {
  encoding: 'utf8',
  maxBuffer: 2 ** 27,
});
if (status !== 0) throw new Error(`npm sbom ended with ${status}: ${stderr}`);
// The same checkout gives the same bytes.
const { serialNumber: _, metadata, components, dependencies, ...rest } = JSON.parse(stdout);
const { timestamp: __, component, ...about } = metadata;

const bundled = new Set(
  (await bundledFolders()).map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name}@${version}`;
  }),
);
const isOfDevelopment = ({ name }) => name === 'cdx:npm:package:development';
const npmPackages = components.flatMap(({ properties = [], ...one }) => {
  if (bundled.has(one['bom-ref']))
    return {
      ...one,
      scope: 'required',
      properties: properties.filter((own) => !isOfDevelopment(own)),
    };
  return properties.some(isOfDevelopment) ? [] : { ...one, properties };
});
const missing = [...bundled].filter((ref) => npmPackages.every((one) => one['bom-ref'] !== ref));
if (missing.length > 0) throw new Error(`npm sbom does not know ${missing.join(', ')}`);

const others = process.argv.slice(2).map((ref) => {
  const [name, version] = ref.split('@');
  return { 'bom-ref': ref, type: 'application', name, version };
});
const shipped = [...npmPackages, ...others];
const refs = new Set([component['bom-ref'], ...shipped.map((one) => one['bom-ref'])]);
const edges = dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
const bill = {
  ...rest,
  // npm takes the name of the directory.
  metadata: { ...about, component: { ...component, name: 'hookbus' } },
  components: shipped,
  dependencies: edges,
};
console.log(JSON.stringify(bill, null, 2));
