/** `holdfast init`: founds an organisation and makes its first node, without starting it. */
import { EdgeError } from '#base/errors.ts'
import type { Config } from '#config/schema.ts'
import { foundOrganisation, newPassword } from './enrolment.ts'
import { configOfNewNode, DEFAULT_ORGANISATION, enrolFirst, makeFolderFor } from './new-node.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `init` and a first `start` may be told. */
export interface FoundingOptions extends CommonOptions {
  readonly config?: string
  readonly name?: string
  readonly role?: string
  readonly host?: string
  readonly port?: string
  readonly organisation?: string
  readonly admin: string
}

/** Makes the folder with a new organisation and its first node, and gives the config. Nobody is enrolled on it yet. */
export async function found(options: FoundingOptions, surroundings: Surroundings): Promise<Config> {
  const place = { data: options.data, config: options.config }
  const node = await configOfNewNode(place, options, surroundings)
  const organisation = organisationName(options.organisation ?? DEFAULT_ORGANISATION)
  const { name, role } = node
  const contents = foundOrganisation({ organisation, name, role }, surroundings)
  await makeFolderFor(place, contents, { node, dial: [] })
  return node.config
}

/** Runs the command. */
export async function init(options: FoundingOptions, surroundings: Surroundings): Promise<void> {
  const { terminal, random } = surroundings
  const config = await found(options, surroundings)
  const password = newPassword(random)
  const operator = await enrolFirst(
    { data: options.data, config },
    { username: options.admin, password },
  )
  if (options.json) return writeJson(terminal, { dataFolder: options.data, ...operator })
  writeLines(terminal, [
    `A new organisation, and its first node, in ${options.data}`,
    '',
    ...table([
      ['Administrator', operator.username],
      ['Password', `${password}   shown only now: note it down`],
    ]),
    '',
    `Next: holdfast start --data ${options.data}`,
  ])
}

function organisationName(text: string): string {
  const name = text.trim()
  if (name !== '' && name.length <= 64) return name
  throw new EdgeError('INPUT_INVALID', {
    field: '--organisation',
    found: `${name.length} characters`,
    wanted: '1 to 64',
  })
}
