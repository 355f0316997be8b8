/**
 * The page at `/trust`: how a phone or laptop learns to know this organisation's kits, with the certificate to install.
 * It comes by plain HTTP, too, since whoever needs it does not trust us yet: so it asks people to compare the fingerprint.
 */
import { createHash } from 'node:crypto'
import type { Door } from './door.ts'
import { openRoute, type OpenCall, type Route } from './route.ts'
import type { TrustMaterial } from './tls.ts'

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 38rem; margin: 2rem auto; padding: 0 1rem }
code { padding: .1rem .3rem; border: 1px solid; border-radius: .25rem; overflow-wrap: anywhere }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** The page and its downloads; nothing where the door speaks no TLS. */
export function trustRoutes(door: Door): readonly Route[] {
  const { tls } = door.options
  if (tls === undefined) return []
  const { der, pem, appleProfile } = tls.trust
  return [
    openRoute('GET', '/trust', (call) => {
      call.reply.header('content-security-policy', POLICY)
      return typed(call, 'text/html; charset=utf-8', trustPage(tls.trust, call.request.host))
    }),
    openRoute('GET', '/trust/ca.crt', (call) =>
      typed(call, 'application/x-x509-ca-cert', Buffer.from(der)),
    ),
    openRoute('GET', '/trust/ca.pem', (call) => typed(call, 'application/x-pem-file', pem)),
    openRoute('GET', '/trust/holdfast.mobileconfig', (call) =>
      typed(call, 'application/x-apple-aspen-config', Buffer.from(appleProfile)),
    ),
  ]
}

/** The whole page. `host` is the address people came by. */
export function trustPage(trust: TrustMaterial, host: string): string {
  const organisation = escaped(trust.organisation)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Trust the kits of ${organisation}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Trust the kits of ${organisation}</h1>
<p>Install this certificate once. After that your device knows every kit of ${organisation}, and nobody on the network can read along or pretend to be one.</p>
<h2>1. Compare</h2>
<p>Ask whoever runs the kit for these words; <code>holdfast trust</code> shows them there. If they differ, stop.</p>
<p><code>${trust.spoken}</code></p>
<p>SHA-256 <code>${trust.fingerprint}</code></p>
<h2>2. Install</h2>
<ul>
<li>iPhone, iPad: <a href="/trust/holdfast.mobileconfig">profile</a>. Then Settings, General, VPN &amp; Device Management, install it; and Settings, General, About, Certificate Trust Settings, switch it on.</li>
<li>Android: <a href="/trust/ca.crt">certificate</a>. Then Settings, Security, Encryption &amp; credentials, Install a certificate, CA certificate. Browsers and Mattermost's app then trust it; an app that does not look at certificates you install cannot come by https.</li>
<li>Windows, macOS, Linux: <a href="/trust/ca.crt">certificate</a> (or <a href="/trust/ca.pem">PEM</a>), into the trusted root certificates.</li>
</ul>
<p>It can vouch for local names and private addresses only, not for any site of the internet.</p>
<h2>3. Connect</h2>
<p><a href="https://${escaped(host)}/">https://${escaped(host)}</a></p>
</body>
</html>
`
}

function typed<T extends string | Buffer>({ reply }: OpenCall, type: string, content: T): T {
  reply.header('content-type', type)
  reply.header('cache-control', 'no-store')
  return content
}

/** Text that is safe between tags and in attributes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
