/** What phones and laptops ask by plain HTTP to find out whether they are online, and what they want to hear. */

/** What whoever asks whether they are online wants to hear. */
export interface Probe {
  readonly status: 200 | 204
  readonly type: 'text/plain' | 'text/html'
  readonly body: string
}

const APPLE: Probe = {
  status: 200,
  type: 'text/html',
  body: '<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>',
}
const ANDROID: Probe = { status: 204, type: 'text/plain', body: '' }
const plain = (body: string): Probe => ({ status: 200, type: 'text/plain', body })
const NETWORK_MANAGER = plain('NetworkManager is online\n')

/** By path: the names they ask for lead here, whatever these are. Seen in the sources and manuals of each, November 2026. */
export const PROBES: Readonly<Record<string, Probe>> = {
  '/generate_204': ANDROID,
  '/gen_204': ANDROID,
  '/hotspot-detect.html': APPLE,
  '/library/test/success.html': APPLE,
  '/connecttest.txt': plain('Microsoft Connect Test'),
  '/ncsi.txt': plain('Microsoft NCSI'),
  '/success.txt': plain('success\n'),
  '/check_network_status.txt': NETWORK_MANAGER,
  '/nm': NETWORK_MANAGER,
}

/** Whether a request asks that. */
export function isProbe(url: string): boolean {
  return Object.hasOwn(PROBES, url.split('?')[0] ?? '')
}
