/**
 * The web client, as it was built: files from memory, compressed beforehand. What carries its hash in its name is kept
 * by browsers for ever; the rest is asked for again each time.
 */
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { openRoute, type OpenCall, type Route } from './route.ts'

/** One file in its three forms. */
export interface WebFile {
  readonly url: string
  readonly type: string
  /** Its name changes with its content. */
  readonly isForever: boolean
  readonly plain: Buffer
  readonly gzip: Buffer
  readonly brotli: Buffer
}

/** A host as it may stand in a policy: nothing in it ends a directive. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i

/** The routes of the client. */
export function webRoutes(files: readonly WebFile[]): readonly Route[] {
  return files.map((file) => {
    const tag = `"${createHash('sha256').update(file.plain).digest('base64url').slice(0, 22)}"`
    return openRoute('GET', file.url, (call) => answer(file, tag, call))
  })
}

function answer(file: WebFile, tag: string, { request, reply }: OpenCall): Buffer {
  reply.header('content-type', file.type)
  reply.header('vary', 'accept-encoding')
  reply.header('etag', tag)
  reply.header(
    'cache-control',
    file.isForever ? 'public, max-age=31536000, immutable' : 'public, no-cache',
  )
  if (file.type.startsWith('text/html')) {
    reply.header('content-security-policy', policyFor(request))
    reply.header('permissions-policy', 'geolocation=(), payment=(), usb=(), browsing-topics=()')
    reply.header('cross-origin-opener-policy', 'same-origin')
  }
  if (request.headers['if-none-match'] === tag) {
    reply.status(304)
    return Buffer.alloc(0)
  }
  const accepted = request.headers['accept-encoding'] ?? ''
  if (/\bbr\b/.test(accepted)) {
    reply.header('content-encoding', 'br')
    return file.brotli
  }
  if (/\bgzip\b/.test(accepted)) {
    reply.header('content-encoding', 'gzip')
    return file.gzip
  }
  return file.plain
}

/** Scripts, styles and requests of this origin only. Older browsers do not count WebSockets to `'self'`. */
export function policyFor({ host }: Pick<FastifyRequest, 'host'>): string {
  const sockets = HOST.test(host) ? ` ws://${host} wss://${host}` : ''
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "media-src 'self' blob:",
    "manifest-src 'self'",
    "worker-src 'self'",
    `connect-src 'self'${sockets}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types holdfast',
  ].join('; ')
}
