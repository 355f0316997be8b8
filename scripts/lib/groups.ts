/** Which test files share a process. Pure. */

/** Folders of small files that begin nothing outside their process and change nothing that is the process's own. */
const SHARING = [
  'app',
  'base',
  'carriers',
  'codec',
  'config',
  'model',
  'server',
  'sync',
  'trust',
  'web',
  'x509',
]
/** What a file may not name: how long it may take as a whole, and what all files of a process have in common. */
const ALONE =
  /\bt as \w+, test\b|\bprocess\.|\bglobalThis\b|node:(?:process|child_process|worker_threads|v8|vm|module)'/
/** How many share one process: enough that the beginning is little, few enough that both cores are busy to the end. */
const FILES_MAX = 10

/** The files, in their order; those that share a process are beside each other, in the place of their first. */
export function inGroups(
  files: readonly string[],
  textOf: (file: string) => string,
): readonly (readonly string[])[] {
  const groups: string[][] = []
  const open = new Map<string, string[]>()
  for (const file of files) {
    const folder = /^test\/(\w+)\//.exec(file)?.[1] ?? ''
    const group = open.get(folder)
    const shares = SHARING.includes(folder) && !ALONE.test(textOf(file))
    if (shares && group !== undefined && group.length < FILES_MAX) {
      group.push(file)
      continue
    }
    const own = [file]
    groups.push(own)
    if (shares) open.set(folder, own)
  }
  return groups
}
