/** Against a real provider on this machine. */
import { test, type Test } from 'tap'
import { openOpenId } from '#bridges/openid.ts'
import type { OpenIdProvider, ProviderQuestion } from '#ports/people-source.ts'
import { collectingLog } from '../support/log.ts'
import { CLIENT, startOpenIdSite, type OpenIdSite } from '../support/openid-provider.ts'

const CALLBACK = 'http://127.0.0.1:8065/oauth/openid/complete'

async function aSite(t: Test): Promise<OpenIdSite> {
  const site = await startOpenIdSite(CALLBACK)
  t.teardown(() => site[Symbol.asyncDispose]())
  return site
}

function providerAt(issuer: string, clientSecret = CLIENT.secret): OpenIdProvider {
  const scopes = ['openid', 'profile']
  const named = { issuer, clientId: CLIENT.id, clientSecret, callback: CALLBACK, scopes }
  return openOpenId({ ...named, usernameClaim: 'preferred_username' }, { log: collectingLog() })
}

function question(name: string): ProviderQuestion {
  return { state: `state-${name}`, nonce: `nonce-${name}`, verifier: name.padEnd(43, 'x') }
}

test('who signs in at the provider comes back with what never changes of them', async (t) => {
  const site = await aSite(t)
  const provider = providerAt(site.issuer)
  const asked = question('a')

  const { search } = await site.visit(await provider.ask(asked), 'dana')

  t.strictSame(await provider.read(search, asked), {
    source: 'openid',
    subject: `${site.issuer} dana`,
    username: 'dana',
    displayName: 'dana D.',
  })
  await t.rejects(provider.read(search, asked), { code: 'NOT_SIGNED_IN' }, 'a code is good once')
  const nameless = await site.visit(await provider.ask(asked), 'Nameless')
  t.match(await provider.read(nameless.search, asked), { username: 'Nameless' })
})

test('an answer that fits another question, or none, is nobody', async (t) => {
  const site = await aSite(t)
  const provider = providerAt(site.issuer)
  const [mine, theirs] = [question('mine'), question('theirs')]
  const flaws: readonly (readonly [string, (query: URLSearchParams) => ProviderQuestion])[] = [
    ['the state of another', () => theirs],
    ['the nonce of another', () => ({ ...mine, nonce: theirs.nonce })],
    ['the verifier of another', () => ({ ...mine, verifier: theirs.verifier })],
    ['its code put into another answer', (query) => (query.set('state', theirs.state), theirs)],
    ['another code', (query) => (query.set('code', 'x'.repeat(43)), mine)],
    ['another provider', (query) => (query.set('iss', 'https://evil.example'), mine)],
    ['a refusal', (query) => (query.delete('code'), query.set('error', 'access_denied'), mine)],
    ['nothing', (query) => (query.delete('code'), mine)],
  ]
  for (const [what, spoil] of flaws) {
    const { searchParams } = await site.visit(await provider.ask(mine), 'dana')
    const asked = spoil(searchParams)
    await t.rejects(
      provider.read(`?${searchParams.toString()}`, asked),
      { code: 'NOT_SIGNED_IN' },
      what,
    )
  }
})

test('a provider that does not take us for its client lets nobody in', async (t) => {
  const site = await aSite(t)
  const provider = providerAt(site.issuer, 'another secret')
  const asked = question('a')
  const { search } = await site.visit(await provider.ask(asked), 'dana')

  await t.rejects(provider.read(search, asked), { code: 'NOT_SIGNED_IN' })
})

test('a provider out of reach is told apart, and found once it is there', async (t) => {
  const site = await startOpenIdSite(CALLBACK)
  const provider = providerAt(site.issuer)
  const gone = providerAt('http://127.0.0.1:9')

  await t.rejects(gone.ask(question('a')), { code: 'CARRIER_UNREACHABLE' })
  await t.rejects(gone.ask(question('a')), { code: 'CARRIER_UNREACHABLE' })
  const asked = question('a')
  const { search } = await site.visit(await provider.ask(asked), 'dana')
  await site[Symbol.asyncDispose]()
  await t.rejects(provider.read(search, asked), { code: 'CARRIER_UNREACHABLE' })
})
