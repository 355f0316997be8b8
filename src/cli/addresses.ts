/** Where people and other nodes reach this machine, as addresses and as a picture. */
import { networkInterfaces } from 'node:os'
import { renderUnicodeCompact } from 'uqr'
import { place } from '#config/run-note.ts'

/**
 * `host:port` of a node that listens on `host`: every address of this machine on a network when it listens on all,
 * IPv4 first, otherwise the one address.
 */
export function placesOf(host: string, port: number): readonly string[] {
  if (host !== '0.0.0.0' && host !== '::') return [place(host, port)]
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const usable = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  const v4 = usable.filter(({ family }) => family === 'IPv4')
  const v6 = host === '::' ? usable.filter(({ family }) => family === 'IPv6') : []
  return [...v4, ...v6].map(({ address }) => place(address, port))
}

/** `text` as a QR code for a dark or a light terminal, with the quiet zone that cameras need. */
export function picture(text: string): string {
  return renderUnicodeCompact(text, { border: 2 })
}
