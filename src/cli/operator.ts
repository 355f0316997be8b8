/**
 * The person behind the command line on this machine: the first administrator of the node. A running node leaves
 * a session of theirs in the data folder, readable by its owner only; whoever may read it owns the node anyway.
 */
import { codeOf } from '#base/errors.ts'
import type { EdgeNode } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import { removeRunNote, writeRunNote } from '#config/run-note.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'

/** The account that a new node begins with. */
export interface NewAdministrator {
  readonly username: string
  readonly password: string
}

/** The administrator of this node, and the password if the account was made just now. */
export interface Operator {
  readonly username: string
  readonly password: string | undefined
}

/** Where the word is left, and what it says. */
export interface Word {
  readonly dataFolder: string
  readonly host: string
  readonly port: number
  readonly username: string
}

/** How often it is looked whether the administrator is known again. */
const LOOK_MS = 500
/** How often the session is renewed; it lasts 30 days. */
const RENEW_MS = 24 * 3_600_000

/** The administrator who was enrolled on this node first; `draft`, enrolled now, when nobody is. */
export async function ensureOperator(node: EdgeNode, draft: NewAdministrator): Promise<Operator> {
  const [first] = await fitHere(node)
  if (first !== undefined) return { username: first.username, password: undefined }
  await node.setUp({ ...draft, displayName: draft.username, isAdministrator: true })
  return draft
}

/** Who administers here and may sign in, those of this node, the first who was enrolled first. */
async function fitHere(node: EdgeNode): Promise<readonly Person[]> {
  const { node: self } = await node.status()
  return (await node.allPeople())
    .filter((one) => one.isAdministrator && one.homeNode === self.id && one.deactivatedAt === 0)
    .toSorted((a, b) => a.createdAt - b.createdAt)
}

/**
 * The same, and waited for where damage took this node's administrator from the directory: what others have of it comes back.
 * Undefined once `signal` aborts.
 */
export async function awaitOperator(
  node: EdgeNode,
  draft: NewAdministrator,
  {
    clock,
    log,
    signal,
  }: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<Operator | undefined> {
  let isTold = false
  while (!signal.aborted) {
    try {
      return await ensureOperator(node, draft)
    } catch (error) {
      // Somebody of that name may have come back meanwhile.
      const code = codeOf(error)
      if (code !== 'NOT_ALLOWED' && code !== 'ALREADY_EXISTS') throw error
    }
    if (!isTold) log.warn('operator.unknown', { found: 'nobody', wanted: 'the administrator' })
    isTold = true
    await clock.sleep(LOOK_MS, signal)
  }
  return undefined
}

/**
 * Lets the command line on this machine in until it is disposed; do that before the node is closed. Whoever administers no more,
 * or may not sign in, does not speak for it any longer: then another one does.
 */
export async function leaveWord(
  node: EdgeNode,
  word: Word,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<AsyncDisposable> {
  const { dataFolder, host, port } = word
  const stopping = new AbortController()
  let { username } = word
  let token = ''
  const renew = async (): Promise<void> => {
    const old = token
    const session = await node.openSession(username)
    token = session.token
    await writeRunNote(dataFolder, { process: process.pid, host, port }, token)
    if (old !== '') await node.signOut(old)
  }
  const keep = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(RENEW_MS, stopping.signal)
      if (stopping.signal.aborted) return
      // The session in use is good for weeks: a full disk today is no reason to stop the node.
      await renew().catch((error: unknown) =>
        log.warn('operator.not-renewed', { error: String(error) }),
      )
    }
  }
  const replace = async (): Promise<void> => {
    if (stopping.signal.aborted) return
    const fit = await fitHere(node)
    const [first] = fit
    if (first === undefined || fit.some((one) => one.username === username)) return
    username = first.username
    await renew()
  }
  await renew()
  const keeping = keep()
  let replacing = Promise.resolve()
  const unsubscribe = node.subscribe(({ kind }) => {
    if (kind !== 'person-updated') return
    replacing = replacing
      .then(replace)
      .catch((error: unknown) => log.warn('operator.not-renewed', { error: String(error) }))
  })
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      unsubscribe()
      await Promise.all([keeping, replacing])
      await node.signOut(token)
      await removeRunNote(dataFolder)
    },
  }
}
