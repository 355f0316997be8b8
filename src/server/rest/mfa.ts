/** The second factor, as Mattermost's clients set it up. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import { qrPng } from '#server/qr-png.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, userParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { insistOnPerson } from './personal.ts'
import { OK } from './shapes.ts'

const Change = z.object({ activate: z.boolean(), code: z.string().max(16).default('') })

/** The routes about the second factor. */
export function mfaRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('POST', '/api/v4/users/:user/mfa/generate', async (call) => {
      insistOnPerson(call)
      const { secret } = await node.newSecondFactor(call.subject, userParam(call))
      return { secret, qr_code: qrPng(addressOf(door, call, secret)).toString('base64') }
    }),
    route('PUT', '/api/v4/users/:user/mfa', async (call) => {
      insistOnPerson(call)
      const { activate, code } = bodyOf(call, Change)
      if (activate) await node.activateSecondFactor(call.subject, userParam(call), code)
      else await node.removeSecondFactor(call.subject, userParam(call))
      return OK
    }),
  ]
}

/** What authenticator apps read (Key Uri Format). */
function addressOf(door: Door, call: Call, secret: string): string {
  const person = door.people.byId(call.subject)
  if (person === undefined) throw new EdgeError('NOT_FOUND', { what: 'person' })
  const issuer = encodeURIComponent(door.workspace.name)
  const account = encodeURIComponent(person.username)
  return `otpauth://totp/${issuer}:${account}?secret=${secret}&issuer=${issuer}`
}
