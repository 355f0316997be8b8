/**
 * The HTTP server: hangs up the routes, checks the session before every one that wants it, and turns what goes wrong
 * into the errors that Mattermost clients read.
 *
 * `Content-Type` of an answer is exactly `application/json`; with a charset appended, clients take it for text.
 */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { AssertionFailure, must } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import { hexFromBytes } from '#base/bytes.ts'
import { REQUEST_BYTES_MAX } from '#base/limits.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { circumstancesOf } from './circumstances.ts'
import type { Door, ServerOptions } from './door.ts'
import { wireErrorFrom } from './errors.ts'
import { BODY_MS, IDLE_CONNECTION_MS } from './limits.ts'
import { readJson } from './json.ts'
import { FORM_TYPE } from './rest/hook-payload.ts'
import type { Answer, Route } from './route.ts'
import type { Caller } from './session.ts'
import { passageOf, secureUrlOf, type ServerTls } from './tls.ts'

const JSON_TYPE = 'application/json'
/** What clients ask by themselves while nobody looks at them. */
const IDLE_URLS: ReadonlySet<string> = new Set(['/api/v4/users/status/ids'])

/** A path that would leave its folder, were there one. */
const CLIMBING = /(?:^|\/)(?:\.|%2e){2}(?:\/|$)/i

/** The server with `routes`, not listening yet. */
export function createHttp(door: Door, routes: readonly Route[]): FastifyInstance {
  const versionId = versionIdOf(door.options)
  const app = fastify({
    bodyLimit: REQUEST_BYTES_MAX,
    forceCloseConnections: true,
    genReqId: requestIds(hexFromBytes(door.random.bytes(6))),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    requestTimeout: 0, // each request has its own: see `addBodyTimeout`
    connectionTimeout: IDLE_CONNECTION_MS,
    frameworkErrors: (error, request, reply) => {
      setHeaders(reply, versionId)
      door.doorkeeper.turnAway('malformed')
      answerError(error, { request, reply, log: door.log })
    },
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_, body, done) =>
    done(null, body),
  )
  app.addContentTypeParser(
    '*',
    { parseAs: 'string' },
    async (request: FastifyRequest, body: string) => (isForm(request) ? body : readJson(body)),
  )
  app.addHook('onRequest', (_, reply, done) => {
    setHeaders(reply, versionId)
    done()
  })
  app.server.headersTimeout = BODY_MS
  addGate(app, door.options.tls)
  app.setErrorHandler((error, request, reply) =>
    answerError(error, { request, reply, log: door.log }),
  )
  app.server.on('clientError', ({ code }: NodeJS.ErrnoException) => {
    // What is no HTTP. Connections that break say something else.
    if (code?.startsWith('HPE_') === true) door.doorkeeper.turnAway('malformed')
  })
  app.setNotFoundHandler((request, reply) => {
    if (CLIMBING.test(request.url)) door.doorkeeper.turnAway('malformed')
    const error = new EdgeError('NOT_FOUND', { what: 'address', method: request.method })
    answerError(error, { request, reply, log: door.log })
  })
  for (const one of routes) if (!isStream(one)) hangUp(app, door, one)
  void app.register(async (long) => {
    long.removeAllContentTypeParsers()
    long.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const one of routes) if (isStream(one)) hangUp(long, door, one)
  })
  return app
}

/** Programs post forms to webhooks. Everywhere else whatever is sent is JSON, whatever it is called. */
function isForm({ headers, routeOptions }: FastifyRequest): boolean {
  const isHook = routeOptions.url?.startsWith('/hooks/') === true
  return isHook && headers['content-type']?.toLowerCase().startsWith(FORM_TYPE) === true
}

function isStream(one: Route): boolean {
  return one.access === 'session' && one.isStream === true
}

/**
 * A body that is read whole has so long to come. Files have no such limit: over a slow link they take as long as they take, and
 * only a connection on which nothing moves is given up.
 */
function hurryBody(request: FastifyRequest, door: Door): void {
  const { raw } = request
  if (raw.complete) return
  const done = new AbortController()
  raw.once('close', () => done.abort())
  raw.once('end', () => done.abort())
  void giveUp(door.clock, raw, done.signal)
}

async function giveUp(clock: Clock, raw: IncomingMessage, signal: AbortSignal): Promise<void> {
  await clock.sleep(BODY_MS, signal)
  if (!signal.aborted) raw.destroy()
}

/** Before anything is read: whoever must come by https, or show a certificate, and did not, goes no further. */
function addGate(app: FastifyInstance, tls: ServerTls | undefined): void {
  if (tls === undefined) return
  app.addHook('onRequest', async ({ raw }, reply) => {
    const passage = passageOf(tls, raw)
    if (passage === 'pass') return undefined
    // Not 308: an operator may switch TLS off again, and browsers would remember.
    if (passage === 'redirect') return reply.redirect(secureUrlOf(raw), 307)
    throw refusalOf(passage)
  })
}

/** `version.build.hash.bool`, the form of Mattermost's X-Version-Id. Constant: a change makes web clients reload. */
export function versionIdOf(options: Pick<ServerOptions, 'version'>): string {
  return `${options.version}.${options.version}.holdfast.false`
}

/** Headers of every answer. */
function setHeaders(reply: FastifyReply, versionId: string): void {
  reply.raw.setHeader('X-Version-Id', versionId)
  reply.raw.setHeader('X-Request-Id', reply.request.id)
  reply.raw.setHeader('X-Content-Type-Options', 'nosniff')
  reply.raw.setHeader('X-Frame-Options', 'SAMEORIGIN')
  // What a node says is not for a browser to keep, but where an answer itself says otherwise. Mattermost's clients learn the version
  // only from answers that say nothing of it: those about the node itself, which are no secret.
  if (!reply.request.url.startsWith('/api/v4/config/'))
    reply.raw.setHeader('Cache-Control', 'no-store')
  reply.raw.setHeader('Referrer-Policy', 'no-referrer')
}

/** The session is checked before the body is read: strangers cannot make the node parse anything. */
function hangUp(app: FastifyInstance, door: Door, one: Route): void {
  const { method, url } = one
  if (one.access === 'open') {
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      send(reply, await one.handle({ request, reply }))
    const onRequest = async (request: FastifyRequest): Promise<void> => hurryBody(request, door)
    app.route({ method, url, onRequest, handler })
    return
  }
  const callers = new WeakMap<FastifyRequest, Caller>()
  app.route({
    method,
    url,
    onRequest: async (request) => {
      if (!isStream(one) && method !== 'GET') hurryBody(request, door)
      callers.set(request, await door.doorkeeper.callerOf(request))
      if (method !== 'GET' && !IDLE_URLS.has(url)) door.onUse?.()
    },
    handler: async (request, reply) => {
      const caller = must(callers.get(request), 'a route with a session has a caller')
      // While the body was coming the session may have ended.
      if (!isStream(one) && method !== 'GET') await door.doorkeeper.callerOf(request)
      const answer = door.node.within(circumstancesOf(request.raw), () =>
        one.handle({ request, reply, ...caller }),
      )
      return send(reply, await answer)
    },
  })
}

/** Bytes and text carry the type their handler set; everything else is JSON, sent as bytes so that its type stays. */
function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if (typeof answer === 'string' || Buffer.isBuffer(answer) || answer instanceof Readable)
    return reply.send(answer)
  reply.header('content-type', JSON_TYPE)
  return reply.send(Buffer.from(JSON.stringify(answer)))
}

interface Failure {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly log: Log
}

function answerError(error: unknown, failure: Failure): void {
  const { request, reply, log } = failure
  const wire = wireErrorFrom(error, request.id)
  if (wire.status_code >= 500) {
    const name = error instanceof EdgeError ? error.code : nameOf(error)
    log.error('request.failed', { error: name, status: wire.status_code, request: request.id })
  }
  if (error instanceof EdgeError && typeof error.facts.retryAfterMs === 'number') {
    reply.header('retry-after', Math.ceil(error.facts.retryAfterMs / 1_000))
  }
  reply.status(wire.status_code).header('content-type', JSON_TYPE)
  void reply.send(Buffer.from(JSON.stringify(wire)))
  if (error instanceof AssertionFailure) stopNode(error)
}

/** A wrong node must not go on talking: the error leaves the request and reaches `main`. */
function stopNode(error: AssertionFailure): void {
  queueMicrotask(() => {
    throw error
  })
}

function refusalOf(passage: 'plain' | 'no-certificate'): EdgeError {
  return passage === 'plain'
    ? new EdgeError('NOT_ALLOWED', { found: 'http', wanted: 'https', do: 'See /trust here.' })
    : new EdgeError('NOT_ALLOWED', { found: 'no certificate', wanted: 'one of this device' })
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}

/** 26 characters: where this run of the node began its count, then the count. */
function requestIds(prefix: string): () => string {
  let count = 0
  return () => {
    count += 1
    return prefix + count.toString(36).padStart(26 - prefix.length, '0')
  }
}
