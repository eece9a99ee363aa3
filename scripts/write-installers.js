/*
 * Writes the install script and the formula for Homebrew of a release, with the checksums of its archives:
 *
 *   node scripts/write-installers.js RELEASE_DIRECTORY
 *
 * HOOKBUS_REPOSITORY is OWNER/NAME on GitHub; the release workflow sets it. Without it, the files name a repository that
 * does not exist, and only HOOKBUS_RELEASES makes the install script work.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const homepage = `https://github.com/${process.env.HOOKBUS_REPOSITORY ?? 'OWNER/hookbus'}`;

const archive = new RegExp(`^hookbus-${version.replaceAll('.', '\\.')}-(\\w+-\\w+)\\.tar\\.gz$`);
const checksums = new Map(
  readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const [, system] = archive.exec(name) ?? [];
      if (system === undefined) return [];
      const sum = createHash('sha256').update(readFileSync(join(directory, name)));
      return [[system, sum.digest('hex')]];
    }),
);

const VALUES = {
  VERSION: version,
  HOMEPAGE: homepage,
  RELEASES: `${homepage}/releases/download/v${version}`,
  CHECKSUMS: [...checksums].map(([system, sum]) => `${sum} ${system}`).join('\n'),
};

function filled(template) {
  return readFileSync(template, 'utf8')
    .replace(/@([A-Z]+)@/g, (_, name) => VALUES[name])
    .replace(/@SHA256 ([\w-]+)@/g, (_, system) => {
      const sum = checksums.get(system);
      if (sum === undefined) throw new Error(`${directory} has no archive for ${system}`);
      return sum;
    });
}

writeFileSync(join(directory, 'install-release.sh'), filled('packaging/install-release.sh'), {
  mode: 0o755,
});
// The formula names every system.
if (checksums.size === 4)
  writeFileSync(join(directory, 'hookbus.rb'), filled('packaging/hookbus.rb'));
