/** What a client says of itself, in a few words for a list of sessions. Anybody may say anything: it is text, no more. */
import type { IncomingHttpHeaders } from 'node:http'
import type { SignInWords } from '#app/account-types.ts'

type ClientWords = NonNullable<SignInWords['client']>

const WORD_CHARACTERS_MAX = 64
/** From the most particular to what nearly everybody claims to be. */
const BROWSERS = [
  ['Mattermost Mobile', /\bMattermost(?:Mobile| Mobile)[/ ]/i],
  ['Mattermost Desktop', /\bMattermost\/\S+ .*Electron|Electron.*\bMattermost\//i],
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|CriOS)\//],
  ['Safari', /\bSafari\//],
] as const
const PLATFORMS = [
  ['iOS', /\b(?:iPhone|iPad|iOS)\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac(?:intosh| OS X)\b/],
  ['Linux', /\bLinux\b/],
] as const

/** The words for the client that sent these headers. */
export function clientWordsOf(headers: IncomingHttpHeaders): ClientWords {
  const said = headers['user-agent'] ?? ''
  const first = /^[^\s/]+/.exec(said)?.[0] ?? ''
  return {
    platform: nameOf(PLATFORMS, said) ?? '',
    browser: nameOf(BROWSERS, said) ?? first.slice(0, WORD_CHARACTERS_MAX),
  }
}

function nameOf(names: readonly (readonly [string, RegExp])[], said: string): string | undefined {
  return names.find(([, pattern]) => pattern.test(said))?.[0]
}
