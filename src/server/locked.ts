/**
 * The door of a locked node: one page and one address to unlock it by its passphrase, so that a kit in a vehicle can
 * be unlocked from a phone. Everything else is refused with LOCKED. It knows nothing of the node but its name.
 */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { AddressInfo } from 'node:net'
import { hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import { addressKey } from './address.ts'
import { createBuckets } from './bucket.ts'
import { wireErrorFrom } from './errors.ts'
import { readJson } from './json.ts'
import { LOGIN_KEYS_MAX, UNLOCK_ADDRESS, UNLOCK_ALL, UNLOCK_BYTES_MAX } from './limits.ts'
import { LOCKED_POLICY, lockedPage, WAITS } from './locked-page.ts'

/** Where it listens, and whose door it is. */
export interface LockedOptions {
  readonly host: string
  readonly port: number
  readonly name: string
  /** A hub is being asked to release the node. */
  readonly waitsForHeadquarters?: boolean
}

/** Effects, and the one thing that can be done. */
export interface LockedPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Whether the passphrase was right; the door is closed soon after it was. */
  readonly unlock: (passphrase: string) => Promise<boolean>
}

/** The open door of a locked node. Disposing it waits until the port is free. */
export interface LockedDoor extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number }
}

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'
/** Who comes from anywhere is counted under this name, too. */
const EVERYBODY = 'everybody'

/** Opens it. @throws EdgeError PORT_IN_USE */
export async function openLockedDoor(
  options: LockedOptions,
  ports: LockedPorts,
): Promise<LockedDoor> {
  const app = createApp(options, ports)
  const { host, port } = options
  try {
    await app.listen({ host, port })
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    throw isTaken ? new EdgeError('PORT_IN_USE', { host, port }, { cause: error }) : error
  }
  const bound = app.server.address() as AddressInfo
  ports.log.info('server.locked', { port: bound.port })
  return {
    address: { host: bound.address, port: bound.port },
    [Symbol.asyncDispose]: () => app.close(),
  }
}

function createApp(
  { name, waitsForHeadquarters }: LockedOptions,
  ports: LockedPorts,
): FastifyInstance {
  const { log, random } = ports
  const prefix = hexFromBytes(random.bytes(13))
  const app = fastify({
    bodyLimit: UNLOCK_BYTES_MAX,
    forceCloseConnections: true,
    genReqId: () => prefix,
    requestTimeout: 60_000,
    frameworkErrors: (error, request, reply) => answerError(error, { request, reply, log }),
  })
  const attempt = attempts(ports)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(FORM_TYPE, { parseAs: 'string' }, (_, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
  app.addContentTypeParser('*', { parseAs: 'string' }, async (_: FastifyRequest, body: string) =>
    readJson(body),
  )
  app.setErrorHandler((error, request, reply) => answerError(error, { request, reply, log }))
  app.setNotFoundHandler((request, reply) =>
    answerError(new EdgeError('LOCKED', { name }), { request, reply, log }),
  )
  app.get('/', (_, reply) => sendPage(reply, name, waitsForHeadquarters === true ? WAITS : ''))
  app.post('/api/holdfast/v1/unlock', async (request, reply) => {
    await attempt(request)
    if (request.headers['content-type'] === FORM_TYPE)
      return sendPage(reply, name, 'Unlocked. The node starts now; this page is gone in a moment.')
    reply.header('content-type', JSON_TYPE)
    return reply.send(Buffer.from(JSON.stringify({ status: 'OK' })))
  })
  return app
}

/** One guess at a time: each costs the memory of one argon2id, and a wrong one a turn of its address and of everybody. */
function attempts({ clock, log, unlock }: LockedPorts): (request: FastifyRequest) => Promise<void> {
  const addresses = createBuckets(UNLOCK_ADDRESS, LOGIN_KEYS_MAX)
  const all = createBuckets(UNLOCK_ALL, 1)
  let isBusy = false
  return async (request) => {
    const passphrase = passphraseOf(request.body)
    const address = addressKey(request.ip)
    const now = clock.monotonicMs()
    const waitMs = Math.max(addresses.waitMs(address, now), all.waitMs(EVERYBODY, now))
    if (waitMs > 0 || isBusy)
      throw new EdgeError('TOO_MANY_REQUESTS', { what: 'unlock', retryAfterMs: waitMs || 1_000 })
    addresses.take(address, now)
    all.take(EVERYBODY, now)
    isBusy = true
    try {
      if (await unlock(passphrase)) return
    } finally {
      isBusy = false
    }
    log.warn('unlock.refused')
    throw new EdgeError('NOT_ALLOWED', { found: 'another passphrase' })
  }
}

function passphraseOf(body: unknown): string {
  const passphrase =
    typeof body === 'object' && body !== null && 'passphrase' in body ? body.passphrase : undefined
  if (typeof passphrase === 'string' && passphrase !== '') return passphrase
  throw new EdgeError('INPUT_INVALID', { field: 'passphrase', found: 'nothing', wanted: 'a text' })
}

function sendPage(reply: FastifyReply, name: string, word: string): FastifyReply {
  reply.header('content-type', 'text/html; charset=utf-8')
  reply.header('content-security-policy', LOCKED_POLICY)
  reply.header('cache-control', 'no-store')
  reply.header('referrer-policy', 'no-referrer')
  reply.header('x-content-type-options', 'nosniff')
  return reply.send(lockedPage(name, word))
}

function answerError(
  error: unknown,
  failure: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly log: Log },
): void {
  const { request, reply, log } = failure
  const wire = wireErrorFrom(error, request.id)
  if (wire.status_code === 500) log.error('request.failed', { status: 500, request: request.id })
  if (error instanceof EdgeError && typeof error.facts['retryAfterMs'] === 'number')
    reply.header('retry-after', Math.ceil(error.facts['retryAfterMs'] / 1_000))
  reply.status(wire.status_code).header('content-type', JSON_TYPE)
  void reply.send(Buffer.from(JSON.stringify(wire)))
}
