/** `holdfast join`: makes a node that belongs to an organisation which is there already. */
import { EdgeError } from '#base/errors.ts'
import { parseJoinCode, parseJoinUrl, type JoinInvitation } from '#trust/join-code.ts'
import { layoutOf, readDataFolder } from '#config/data-folder.ts'
import { isThere } from '#config/files.ts'
import { parseJson } from '#config/json.ts'
import { SUITES } from '#trust/keys.ts'
import type { FolderContents } from '#config/data-folder.ts'
import { beginJoin, newPassword } from './enrolment.ts'
import { refusalFrom } from './local-node.ts'
import { configOfNewNode, enrolFirst, isNew, makeFolderFor, type NewNode } from './new-node.ts'
import { requestAnyWay } from './request-any.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `join` may be told. */
export interface JoinOptions extends CommonOptions {
  readonly config?: string
  readonly name?: string
  readonly role?: string
  readonly host?: string
  readonly port?: string
  readonly admin?: string
}

/** The two words behind `join`, as they were typed. */
export interface Invitation {
  /** `host:port`, or the whole `holdfast://` text of a QR code. */
  readonly address: string
  readonly code: string | undefined
}

/** Runs the command. The folder is looked at first, so that a code is not used up for nothing. */
export async function join(
  typed: Invitation,
  options: JoinOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, random } = surroundings
  const { at, code } = invitationFrom(typed)
  await checkNew(options.data)
  const place = { data: options.data, config: options.config }
  const node = await configOfNewNode(place, options, surroundings)
  const hadConfig = options.config !== undefined || (await isThere(layoutOf(options.data).config))
  const contents = await exchangeInSomeSuite({ at, code, node }, surroundings)
  await makeFolderFor(place, contents, { node, dial: [at] })

  const username = options.admin ?? `admin-${node.name}`
  const operator = await enrolFirst(
    { data: options.data, config: node.config },
    { username, password: newPassword(random) },
  )
  const organisation = contents.organisation.name
  if (options.json)
    return writeJson(terminal, {
      dataFolder: options.data,
      name: node.name,
      organisation,
      ...operator,
    })
  writeLines(terminal, [
    `Node ${node.name} (${node.role}) belongs to ${organisation} now, in ${options.data}`,
    '',
    ...table([
      ['Administrator', operator.username],
      ['Password', `${operator.password}   shown only now: note it down`],
    ]),
    '',
    ...(hadConfig
      ? [`Its config was there before and stays as it is; the node that let it in is at ${at}.`]
      : []),
    `Next: holdfast start --data ${options.data}`,
  ])
}

/** @throws EdgeError INPUT_INVALID */
function invitationFrom({ address, code }: Invitation): JoinInvitation {
  const whole = parseJoinUrl(address)
  if (whole !== undefined) return whole
  const at = address.replace(/^https?:\/\//, '').replace(/\/$/, '')
  if (!/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/.test(at))
    throw wrong('address', address, 'host:port, or the holdfast:// text of a QR code')
  if (code === undefined) throw wrong('code', 'nothing', 'the join code, behind the address')
  const bytes = parseJoinCode(code)
  if (bytes === undefined) throw wrong('code', code, '16 letters and digits in four groups')
  return { at, code: bytes }
}

function wrong(field: string, found: string, wanted: string): EdgeError {
  return new EdgeError('INPUT_INVALID', { field, found, wanted, do: 'See `holdfast join --help`.' })
}

async function checkNew(data: string): Promise<void> {
  if (await isNew(data)) return
  await readDataFolder(data)
  throw new EdgeError('ALREADY_EXISTS', {
    dataFolder: data,
    found: 'a node in it',
    wanted: 'a new or empty folder',
    do: 'Name another folder with --data; a node stays in the organisation it was made for.',
  })
}

/** A code says nothing of the organisation's algorithms: a node that has others says so, and the code stays good. */
async function exchangeInSomeSuite(
  { at, code, node }: JoinInvitation & { readonly node: NewNode },
  surroundings: Surroundings,
): Promise<FolderContents> {
  let refusal: unknown
  for (const suite of SUITES) {
    const joining = beginJoin(
      { code, suite, name: node.name, role: node.role },
      surroundings.random,
    )
    try {
      return joining.finish(await exchange(at, joining.request, surroundings))
    } catch (error) {
      refusal = error
      if (!(error instanceof EdgeError) || error.facts['found'] !== 'other-suite') break
    }
  }
  throw refusal
}

async function exchange(
  at: string,
  message: Uint8Array,
  surroundings: Surroundings,
): Promise<Uint8Array> {
  const answer = await requestAnyWay(
    {
      method: 'POST',
      url: `http://${at}/api/holdfast/v1/join`,
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(message),
    },
    surroundings,
  ).catch((cause: unknown) => {
    throw new EdgeError(
      'CARRIER_UNREACHABLE',
      { address: at, do: 'Check the address, and that the other node runs; then try again.' },
      { cause },
    )
  })
  if (answer.status < 300) return answer.body
  throw refusalFrom(answer.status, jsonFrom(answer.body))
}

/** What another program may answer at that address is anything. */
function jsonFrom(body: Uint8Array): unknown {
  const parsed = parseJson(Buffer.from(body).toString('utf8'))
  return parsed.ok ? parsed.value : undefined
}
