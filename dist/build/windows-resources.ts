import { Data, NtExecutable, NtExecutableResource, Resource } from 'resedit';

const ENGLISH = 1033;
const UNICODE = 1200;

export interface ProgramFacts {
  version: string;
  description: string;
}

/**
 * Returns a copy of an executable made from node.exe that shows our name, version and icon in the Explorer and
 * the task manager. It has to come after pkg's injection, which makes the resources the last section: where the
 * relocation table follows them, it is lost, and Windows (not wine) needs it.
 *
 * The signature of Node's makers goes; it is void since the injection anyway.
 */
export function brandExecutable(exe: Buffer, icon: Buffer, facts: ProgramFacts): Buffer {
  const executable = NtExecutable.from(exe, { ignoreCert: true });
  const resources = NtExecutableResource.from(executable);
  const [iconGroup] = Resource.IconGroupEntry.fromEntries(resources.entries);
  const [versionInfo] = Resource.VersionInfo.fromEntries(resources.entries);
  if (!iconGroup || !versionInfo)
    throw new Error('node.exe has no icon or version to put ours in the place of');
  const icons = Data.IconFile.from(icon).icons.map(item => item.data);
  const language = Number(iconGroup.lang);
  Resource.IconGroupEntry.replaceIconsForResource(resources.entries, iconGroup.id, language, icons);
  const [major = 0, minor = 0, patch = 0] = facts.version.split(/[.-]/).map(Number);
  versionInfo.setFileVersion(major, minor, patch, 0, ENGLISH);
  versionInfo.setProductVersion(major, minor, patch, 0, ENGLISH);
  versionInfo.setStringValues(
    { lang: ENGLISH, codepage: UNICODE },
    {
      CompanyName: 'cos_sync',
      FileDescription: facts.description,
      InternalName: 'cos_sync',
      LegalCopyright: 'See LICENSE and THIRD_PARTY_LICENSES',
      OriginalFilename: 'cos_sync.exe',
      ProductName: 'cos_sync',
    },
  );
  versionInfo.outputToResourceEntries(resources.entries);
  resources.outputResource(executable);
  return Buffer.from(executable.generate());
}
