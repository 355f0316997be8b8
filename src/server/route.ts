/**
 * A route as data: what the REST files list and the HTTP server hangs up.
 *
 * An open route answers anybody. Every other handler gets the person who asks; the server has checked the session
 * before, so no handler can forget it.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { OpenSession } from '#app/account-types.ts'
import type { UserId } from '#base/ids.ts'

/** The methods in use. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A request to an open route. */
export interface OpenCall {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** A request by somebody who is signed in. */
export interface Call extends OpenCall {
  readonly subject: UserId
  readonly token: string
  readonly session: OpenSession
}

/** The answer: an object or array becomes JSON; text, bytes and streams go as they are, with their content type set. */
export type Answer = object | string

/** One method of one address. */
export type Route =
  | {
      readonly access: 'open'
      readonly method: Method
      readonly url: string
      readonly handle: (call: OpenCall) => Promise<Answer> | Answer
    }
  | {
      readonly access: 'session'
      /** Its body is not read before the handler: it may be long, and take its time. */
      readonly isStream?: boolean
      readonly method: Method
      readonly url: string
      readonly handle: (call: Call) => Promise<Answer> | Answer
    }

/** A route that anybody may use. */
export function openRoute(
  method: Method,
  url: string,
  handle: (call: OpenCall) => Promise<Answer> | Answer,
): Route {
  return { access: 'open', method, url, handle }
}

/** A route for people who are signed in whose handler reads the body itself, from `request.raw`. */
export function streamRoute(
  method: Method,
  url: string,
  handle: (call: Call) => Promise<Answer> | Answer,
): Route {
  return { access: 'session', isStream: true, method, url, handle }
}

/** A route for people who are signed in. */
export function route(
  method: Method,
  url: string,
  handle: (call: Call) => Promise<Answer> | Answer,
): Route {
  return { access: 'session', method, url, handle }
}
