/** `holdfast join`: makes a node that belongs to an organisation which is there already. */
import { EdgeError } from '#base/errors.ts'
import { parseJson } from '#config/json.ts'
import { isCompared, parseJoinCode, parseJoinUrl, type JoinInvitation } from '#trust/join-code.ts'
import { isWait } from '#trust/join-compare.ts'
import { SUITES } from '#trust/keys.ts'
import { beginKitCa, keepKitCa } from '#compose/kit-ca.ts'
import { beginJoin, type Joined, type Meeting } from './enrolment.ts'
import { answerByFile, checkNew, requestByFile, settle } from './join-by-file.ts'
import { refusalFrom } from './local-node.ts'
import { configOfNewNode, type NewNode } from './new-node.ts'
import { isYes } from './question.ts'
import { requestAnyWay } from './request-any.ts'
import type { CommonOptions, Surroundings } from './terminal.ts'

/** What `join` may be told. */
export interface JoinOptions extends CommonOptions {
  readonly config?: string
  readonly name?: string
  readonly role?: string
  readonly host?: string
  readonly port?: string
  readonly admin?: string
  /** Writes a request into this file, instead of asking over a network. */
  readonly request?: string
  /** Takes the answer to that request from this file. */
  readonly answer?: string
  /** The fingerprint of the answer, as the other end told it. */
  readonly fingerprint?: string
}

/** How often a node that waits for people asks again. */
const ASK_AGAIN_MS = 2_000

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
  if (options.request !== undefined) return requestByFile(options.request, options, surroundings)
  if (options.answer !== undefined) return answerByFile(options.answer, options, surroundings)
  const { at, code } = invitationFrom(typed)
  await checkNew(options.data)
  const place = { data: options.data, config: options.config }
  const node = await configOfNewNode(place, options, surroundings)
  const kitCa = await beginKitCa()
  const invitation = { at, code, node, block: kitCa.block }
  const { contents, block } = await exchangeInSomeSuite(invitation, surroundings)
  await settle({ contents, node, at }, options, surroundings)
  const { privateKeyPem } = kitCa
  await keepKitCa(options.data, { answer: block, privateKeyPem })
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

/** A code says nothing of the organisation's algorithms: a node that has others says so, and the code stays good. */
async function exchangeInSomeSuite(
  {
    at,
    code,
    node,
    block,
  }: JoinInvitation & { readonly node: NewNode; readonly block: Uint8Array },
  surroundings: Surroundings,
): Promise<Joined> {
  let refusal: unknown
  for (const suite of SUITES) {
    const joining = beginJoin(
      { code, suite, name: node.name, role: node.role, block },
      surroundings.random,
    )
    try {
      const answer = await exchange(at, joining.request, surroundings)
      return isCompared(code)
        ? await finishCompared(at, joining.meet(answer), surroundings)
        : joining.finish(answer)
    } catch (error) {
      refusal = error
      if (!(error instanceof EdgeError) || error.facts['found'] !== 'other-suite') break
    }
  }
  throw refusal
}

/** Shows the digits, and asks both the person here and the node there whether they are the same. */
async function finishCompared(
  at: string,
  meeting: Meeting,
  surroundings: Surroundings,
): Promise<Joined> {
  const { terminal, clock, signal } = surroundings
  const { digits, organisationName, reveal, finish } = meeting
  let answer = await exchange(at, reveal, surroundings)
  terminal.error(`Organisation: ${organisationName.replace(/\p{Cc}/gu, '\u{fffd}')}\n`)
  terminal.error(`Digits: ${digits.slice(0, 3)} ${digits.slice(3)}\n`)
  const text =
    'Does the administrator there see the same digits (holdfast invite --waiting)? yes or no: '
  if (!isYes(await terminal.ask?.({ text })))
    throw new EdgeError('JOIN_REFUSED', {
      found: 'digits that nobody said are the same',
      do: 'If they differ, somebody is between the two nodes: have the other one refuse, and make a new code on another way.',
    })
  while (isWait(answer) && !signal.aborted) {
    await clock.sleep(ASK_AGAIN_MS, signal)
    answer = await exchange(at, reveal, surroundings)
  }
  return finish(answer)
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
