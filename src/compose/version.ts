/** Which version of the program this is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The version of this program. */
export const VERSION = versionOf(join(import.meta.dirname, '..', '..', 'package.json'))

function versionOf(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
}
