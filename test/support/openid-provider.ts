/** A real OpenID provider on a free port of this machine, and a browser that signs in there. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

/** A provider under test. */
export interface OpenIdSite extends AsyncDisposable {
  readonly issuer: string
  /** Follows `url` in a fresh browser, signs in as `login` and agrees; the address it is sent back to. */
  readonly visit: (url: string, login: string) => Promise<URL>
}

/** As whom a node asks. */
export const CLIENT = { id: 'holdfast', secret: 'a-secret-of-the-client' }

/** Starts one. `callback`: where it sends people back to. Logins are names; who is called `Nameless` has no other claims. */
export async function startOpenIdSite(callback: string): Promise<OpenIdSite> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [callback] }],
    claims: { openid: ['sub'], profile: ['preferred_username', 'name'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () =>
        id === 'Nameless' ? { sub: id } : { sub: id, preferred_username: id, name: `${id} D.` },
    }),
    cookies: { keys: ['of a test'] },
  })
  const answer = provider.callback()
  server.on('request', (request, response) => void answer(request, response))
  return {
    issuer,
    visit: (url, login) => visit(url, { login, callback }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Two forms of the provider come up, one after the other: who one is, and whether the node may know. */
async function visit(
  start: string,
  { login, callback }: { readonly login: string; readonly callback: string },
): Promise<URL> {
  const cookies = new Map<string, string>()
  let next = new URL(start)
  for (let step = 0; step < 20; step += 1) {
    if (next.href.startsWith(callback)) return next
    const asked = await follow(next, cookies)
    if (asked.location !== undefined) next = new URL(asked.location, next)
    else {
      const prompt = /name="prompt" value="(\w+)"/.exec(asked.text)?.[1] ?? ''
      const form = new URLSearchParams({ prompt, login, password: 'x' })
      const sent = await follow(next, cookies, form)
      next = new URL(sent.location ?? '', next)
    }
  }
  throw new Error(`the provider never sent us back: ${next.href}`)
}

async function follow(
  url: URL,
  cookies: Map<string, string>,
  form?: URLSearchParams,
): Promise<{ readonly location: string | undefined; readonly text: string }> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { cookie },
    ...(form && { method: 'POST', body: form }),
  })
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (value === '') cookies.delete(name)
    else cookies.set(name, value)
  }
  const location = response.headers.get('location') ?? undefined
  return { location, text: await response.text() }
}
