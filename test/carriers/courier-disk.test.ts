/** The file system as sticks are found in it; what lies on one is told apart in `courier-stick.test.ts`. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { SYSTEM_STICKS } from '#carriers/courier-disk.ts'
import { stickContract } from '../contracts/stick.ts'
import { aFolder } from '../support/folders.ts'

stickContract('the file system', async (t) => ({ disk: SYSTEM_STICKS, folder: await aFolder(t) }))

test('only a folder by its real path will do', async (t) => {
  const folder = await aFolder(t)
  await mkdir(join(folder, 'real'))
  await mkdir(join(folder, 'real', 'inner'))
  await symlink(join(folder, 'real'), join(folder, 'link'))
  await writeFile(join(folder, 'file'), '')

  await SYSTEM_STICKS.assertFolder(join(folder, 'real', 'inner'))
  for (const [path, found] of [
    ['relative', 'another text'],
    [join(folder, 'gone'), 'nothing of this name'],
    [join(folder, 'file'), 'something that is no folder'],
    [join(folder, 'link'), 'a link'],
    [join(folder, 'link', 'inner'), 'a path through a link'],
    [`${folder}\0`, 'another text'],
  ] as const)
    await t.rejects(
      SYSTEM_STICKS.assertFolder(path),
      { code: 'INPUT_INVALID', facts: { found } },
      found,
    )
})
