import { test } from 'tap'
import type { Door } from '#server/door.ts'
import { createPeople } from '#server/people.ts'
import { fullConfig, LICENSE, limitedConfig } from '#server/rest/shapes-config.ts'
import { aPerson, relief } from '../../support/messages.ts'

function aDoor(siteUrl?: string): Door {
  const people = createPeople()
  people.learn(aPerson('bo'))
  const options = {
    host: '',
    port: 0,
    version: '10.11.0',
    ...(siteUrl === undefined ? {} : { siteUrl }),
  }
  const workspace = { id: relief, name: 'Relief' }
  return { options, workspace, people, nodeId: 'node1' } as unknown as Door
}

test('every value is a string, in both sets', async (t) => {
  for (const config of [limitedConfig(aDoor()), fullConfig(aDoor()), LICENSE]) {
    for (const [name, value] of Object.entries(config)) t.type(value, 'string', name)
  }
})

test('what clients need before they let anybody sign in is there', async (t) => {
  t.match(limitedConfig(aDoor('https://chat.example')), {
    DiagnosticId: 'node1',
    Version: '10.11.0',
    WebsocketURL: '',
    SiteURL: 'https://chat.example',
    SiteName: 'Relief',
    EnableSignInWithUsername: 'true',
    NoAccounts: 'false',
  })
})

test('what this node does not have is switched off, and what it has is on', async (t) => {
  const config = fullConfig(aDoor())
  for (const name of ['EnableGifPicker', 'PluginsEnabled', 'DiagnosticsEnabled']) {
    t.equal(config[name], 'false', name)
  }
  t.match(config, { EnableFileAttachments: 'true', CollapsedThreads: 'default_on' })
})

test('strangers learn no more than they need', async (t) => {
  t.notOk('MaxPostSize' in limitedConfig(aDoor()))
})
