/** The environment of the process. Nothing else reads it. */

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process. */
export function systemEnvironment(): Environment {
  return process.env
}
