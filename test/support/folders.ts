/** Folders for tests. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** An empty folder by its real path; it goes with the test, or is the caller's without one. */
export async function aFolder(t?: Test): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'holdfast-'))
  t?.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}
