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
