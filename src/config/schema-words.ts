/** What the parts of the config schema are made of: every refusal says in words what is wanted. */
import { z } from 'zod'

/** Message of a refused value: what is wanted, in words. */
export const wanted = (error: string): { readonly error: string } => ({ error })

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number): z.ZodInt {
  const message = wanted(`a whole number from ${min} to ${max}`)
  return z.int(message).min(min, message).max(max, message)
}

/** A text of this form. `error` says in words which. */
export function text(pattern: RegExp, error: string): z.ZodString {
  return z.string(wanted(error)).regex(pattern, wanted(error))
}

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(
  words: Words,
): z.ZodEnum<{ [K in Words[number]]: K }> {
  return z.enum(words, wanted(`one of ${words.join(', ')}`))
}

/** An object with these keys and no others. */
export function object<S extends z.core.$ZodLooseShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const keys = `one of ${Object.keys(shape).join(', ')}`
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? keys : 'an object {…}'),
  })
}

/** A host name or an address, as part of a pattern. */
export const HOST = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])`
/** A port from 1 to 65535, as part of a pattern. */
export const PORT = String.raw`(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])`

/** Milliseconds of a day. */
export const DAY_MS = 24 * 3_600_000

/** A host and a port. */
export const address = text(
  new RegExp(`^${HOST}:${PORT}$`),
  'host:port, such as 192.168.1.20:8065 or [fd00::1]:8065',
)

/** The path of a file. */
export const file = z
  .string(wanted('the path of a file'))
  .min(1, wanted('the path of a file'))
  .max(4_096, wanted('the path of a file'))

/** Yes or no. */
export const flag = z.boolean(wanted('true or false'))

/** Names of network interfaces of this machine. */
export const interfaces = z
  .array(
    text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, 'the name of an interface, such as wlan0'),
    wanted('a list of names of interfaces, such as ["wlan0"]'),
  )
  .max(16, wanted('at most 16 interfaces'))
  .default([])
