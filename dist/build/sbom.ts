import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

interface CycloneDx {
  serialNumber?: string;
  metadata: { timestamp: string; component: { name: string; type: string } };
  components: { 'bom-ref': string; [key: string]: unknown; properties?: { name: string; value: string }[] }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

const DEVELOPMENT = 'cdx:npm:package:development';

/**
 * Returns the bill of materials that npm makes of package-lock.json, in CycloneDX's JSON, with Node itself, and
 * without what differs from one build to the next. https://cyclonedx.org/docs/1.5/json/
 */
export async function billOfMaterials(root: string, nodeVersion: string, time: Date): Promise<Buffer> {
  const options = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx'];
  const { stdout } = await promisify(execFile)('npm', options, { cwd: root, maxBuffer: 2 ** 26 });
  const bill = JSON.parse(stdout) as CycloneDx;
  // npm's own --omit=dev also leaves out what a tool needs besides.
  const tools = bill.components.filter(({ properties }) => properties?.some(one => one.name === DEVELOPMENT));
  const isLeftOut = new Set(tools.map(tool => tool['bom-ref']));
  bill.components = bill.components.filter(component => !isLeftOut.has(component['bom-ref']));
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => !isLeftOut.has(ref))
    .map(one => ({ ...one, dependsOn: one.dependsOn?.filter(ref => !isLeftOut.has(ref)) ?? [] }));
  delete bill.serialNumber;
  bill.metadata.timestamp = time.toISOString();
  // npm takes the folder's name.
  Object.assign(bill.metadata.component, { name: 'cos_sync', type: 'application' });
  bill.components.push({
    'bom-ref': `node@${nodeVersion}`,
    type: 'platform',
    name: 'node',
    version: nodeVersion,
    purl: `pkg:generic/node@${nodeVersion}`,
    licenses: [{ license: { id: 'MIT' } }],
  });
  return Buffer.from(`${JSON.stringify(bill, null, 2)}\n`);
}
