/** Backups as people make them: a copy of a whole folder beside it, while nothing writes to it. */
import { cp, rm } from 'node:fs/promises'

/** Copies the folder, in place of the backup before. */
export async function backUp(folder: string): Promise<void> {
  await replace(folder, backupOf(folder))
}

/** Puts the folder back as it was at its last backup. */
export async function putBack(folder: string): Promise<void> {
  await replace(backupOf(folder), folder)
}

function backupOf(folder: string): string {
  return `${folder}.backup`
}

async function replace(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await cp(from, to, { recursive: true, preserveTimestamps: true })
}
