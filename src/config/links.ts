/** Link profiles by name: the operator's own in `linkFolder`, then those that come with the program. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, EdgeError } from '#base/errors.ts'
import type { LinkProfile } from '#tariff/profile.ts'
import { parseJson } from './json.ts'
import { LinkFile } from './link-schema.ts'

const BUILT_IN = join(import.meta.dirname, '..', '..', 'edge-config', 'links')

/**
 * The profile of this name.
 * @throws EdgeError CONFIG_INVALID with what is wrong with it, or where it was looked for
 */
export async function readLink(folder: string | undefined, name: string): Promise<LinkProfile> {
  const folders = folder === undefined ? [BUILT_IN] : [folder, BUILT_IN]
  for (const each of folders) {
    const file = join(each, `${name}.json`)
    // oxlint-disable-next-line no-await-in-loop -- the first that is there
    const text = await readIfThere(file)
    if (text !== undefined) return linkFrom(file, text)
  }
  const problems = `link: found no ${name}.json, wanted a profile in ${folders.join(' or ')}`
  throw new EdgeError('CONFIG_INVALID', { file: `${name}.json`, problems })
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (
      codeOf(error) === undefined &&
      error instanceof Error &&
      'code' in error &&
      error.code === 'ENOENT'
    )
      return undefined
    throw new EdgeError('CONFIG_INVALID', { file, problems: `${file}: ${String(error)}` })
  }
}

function linkFrom(file: string, text: string): LinkProfile {
  const parsed = parseJson(text)
  if (!parsed.ok) {
    const problems = `line ${parsed.line}: found ${parsed.found}, wanted ${parsed.wanted}`
    throw new EdgeError('CONFIG_INVALID', { file, problems })
  }
  const outcome = LinkFile.safeParse(parsed.value)
  if (outcome.success) return outcome.data
  const lines = outcome.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || '(the whole file)'}: wanted ${message}`,
  )
  throw new EdgeError('CONFIG_INVALID', { file, problems: lines.join('\n') })
}
