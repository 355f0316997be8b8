/** People from the command line: a real node. */
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { folderOf } from '../support/folder.ts'
import { freePort, holdfast, holdfastJson, initNode, startNode } from './processes.ts'

suite.setTimeout(120_000)

test('people are listed, shut out, let in, signed out and helped when an authenticator is lost', async (t) => {
  const data = join(folderOf(t), 'alpha')
  const port = await freePort()
  await initNode(data, { name: 'alpha', role: 'hub', port })
  await startNode(t, '--data', data, '--host', '127.0.0.1', '--port', String(port))
  await holdfastJson('enrol', 'bo', '--data', data)
  const person = (...words: readonly string[]) => holdfast('person', ...words, '--data', data)

  t.match(await person('deactivate', 'bo'), { code: 0, out: 'bo may sign in no more.\n' })
  t.match(await person('list'), { code: 0, out: /bo +may not sign in since / })
  t.match(await person('activate', 'bo'), { code: 0 })
  t.notMatch((await person('list')).out, /may not sign in/)
  for (const deed of ['sign-out', 'drop-factor', 'vouch'])
    t.match(await person(deed, 'bo'), { code: 0 }, deed)
  t.match(await person('appoint', 'bo'), { code: 0, out: 'bo is an administrator.\n' })
  t.match((await person('list')).out, /bo +an administrator\n/)
  t.match(await person('dismiss', 'bo'), { code: 0, out: 'bo is no administrator any more.\n' })
  t.match(await person('dismiss', 'admin'), { code: 4, error: /the last administrator/ })
  const why = (...words: readonly string[]) =>
    holdfast('policy', 'explain', ...words, '--data', data)
  t.match(await why('bo', 'post', '--in', 'town-square'), {
    code: 0,
    out: /^bo: post: allowed\n {2}ok +facts/,
  })
  const asGuest = ['--attribute', 'role=guest'] as const
  t.match(await why('bo', 'join channel', '--in', 'town-square', ...asGuest), {
    code: 4,
    out: /refused, not permitted\n[^]* {2}no +role +not permitted; needs a role that may join channel/,
  })
  t.match(await why('bo', 'fly'), { code: 2, error: /action/ })
  t.match(await person('partner', 'bo', '--of', 'redcross'), {
    code: 0,
    out: 'bo is of the partner redcross, a guest.\n',
  })
  t.match((await person('list')).out, /bo +of redcross, a guest\n/)
  t.match(await why('bo', 'join channel', '--in', 'town-square'), { code: 4 })
  t.match(await person('partner', 'bo', '--of', 'redcross', '--member'), { code: 0 })
  t.match((await person('list')).out, /bo +of redcross\n/)
  t.match(await person('partner', 'bo'), { code: 2, error: /--of, found no name/ })
  t.match(await person('partner', 'bo', '--none'), { code: 0, out: 'bo is one of ours.\n' })
  t.notMatch((await person('list')).out, /redcross/)
  t.match(await person('deactivate', 'nobody'), { code: 1, error: /NOT_FOUND|not/ })
})
