/** `holdfast init`: founds an organisation and makes its first node, without starting it. */
import { EdgeError } from '#base/errors.ts'
import { SUITE_NACL, SUITES, type Suite } from '#trust/keys.ts'
import { ensureAuthorities } from '#compose/tls.ts'
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
  /** Name of the algorithms the organisation uses for ever: nacl or fips. */
  readonly suite?: string
  readonly admin: string
}

/** Makes the folder with a new organisation and its first node, and gives the config. Nobody is enrolled on it yet. */
export async function found(options: FoundingOptions, surroundings: Surroundings): Promise<Config> {
  const place = { data: options.data, config: options.config }
  const node = await configOfNewNode(place, options, surroundings)
  const organisation = organisationName(options.organisation ?? DEFAULT_ORGANISATION)
  const { name, role } = node
  const suite = suiteCalled(options.suite ?? SUITE_NACL.name)
  const contents = foundOrganisation({ organisation, suite, name, role }, surroundings)
  await makeFolderFor(place, contents, { node, dial: [] })
  const { names } = node.config.listen
  const tlsNames = { dataFolder: options.data, organisation, name, names, isFounder: true }
  await ensureAuthorities(tlsNames, surroundings.clock)
  return node.config
}

/** @throws EdgeError INPUT_INVALID */
function suiteCalled(name: string): Suite {
  const suite = SUITES.find((one) => one.name === name)
  if (suite !== undefined) return suite
  throw new EdgeError('INPUT_INVALID', { field: 'suite', found: name, wanted: 'nacl or fips' })
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
