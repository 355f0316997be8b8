import { test } from 'tap'
import { clientWordsOf } from '#server/client-words.ts'

test('a client is told by a few words of what it says', async (t) => {
  for (const [agent, platform, browser] of [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Linux', 'Firefox'],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0',
      'Windows',
      'Edge',
    ],
    ['Mattermost Mobile/2.32.0+600 (Android; 15; Pixel 8)', 'Android', 'Mattermost Mobile'],
    ['Go-http-client/1.1', '', 'Go-http-client'],
    [`${'x'.repeat(900)}/1`, '', 'x'.repeat(64)],
    [undefined, '', ''],
  ] as const)
    t.strictSame(clientWordsOf(agent === undefined ? {} : { 'user-agent': agent }), {
      platform,
      browser,
    })
})
