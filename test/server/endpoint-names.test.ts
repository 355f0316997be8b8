/** Every address of Mattermost's API that its apps ask for at start and in daily use has a route here. */
import { test } from 'tap'
import { createPeople } from '#server/people.ts'
import type { Door } from '#server/door.ts'
import { allRoutes } from '#server/routes.ts'

/** Without the prefix; `:` stands for one part, whatever it is. */
const WANTED = `
GET /system/ping
GET /config/client
GET /license/client
POST /users/login
POST /users/logout
GET /users/:
GET /users/:/preferences
PUT /users/:/preferences
POST /users/:/preferences/delete
GET /users/:/teams
GET /users/:/teams/members
POST /roles/names
GET /users/:/teams/:/channels
GET /users/:/teams/:/channels/members
GET /users/:/channels
GET /users/:/channel_members
GET /users/:/teams/:/channels/categories
GET /users/:/channels/:/posts/unread
GET /channels/:/posts
POST /posts
POST /channels/members/:/view
GET /teams/name/:
GET /teams/:
GET /teams/:/members/:
GET /channels/:
GET /teams/:/channels/name/:
PUT /posts/:/patch
PUT /posts/:
DELETE /posts/:
GET /posts/:
GET /posts/:/thread
POST /posts/ids
POST /reactions
DELETE /users/:/posts/:/reactions/:
GET /posts/:/reactions
POST /files
GET /files/:
GET /files/:/thumbnail
GET /files/:/preview
GET /files/:/info
GET /files/:/link
POST /users/ids
POST /users/usernames
GET /users
POST /users/status/ids
GET /users/:/status
PUT /users/:/status
GET /users/:/image
GET /channels/:/stats
GET /channels/:/members
GET /channels/:/members/:
POST /channels/:/members
POST /channels/:/members/ids
POST /channels/members/:/mark_read
POST /users/:/posts/:/set_unread
GET /users/:/teams/unread
GET /users/:/teams/:/threads
GET /users/:/teams/:/threads/:
PUT /users/:/teams/:/threads/:/read/:
PUT /users/:/teams/:/threads/read
PUT /users/:/teams/:/threads/:/following
POST /teams/:/posts/search
POST /posts/search
GET /users/autocomplete
POST /users/search
POST /channels
POST /channels/direct
POST /channels/group
GET /teams/:/channels
PUT /users/sessions/device
POST /users/:/posts/:/ack
DELETE /users/:/posts/:/ack
GET /limits/server
GET /users/stats
GET /users/known
GET /plugins/webapp
GET /emoji
GET /commands
GET /groups
GET /data_retention/policy
GET /custom_profile_attributes/fields
GET /posts/scheduled/team/:
GET /users/:/teams/:/drafts
GET /channels/:/bookmarks
`
  .trim()
  .split('\n')

test('every address that apps ask for has a route', async (t) => {
  const routes = allRoutes({
    workspace: { id: 'w', name: 'Relief' },
    people: createPeople(),
    options: { tls: undefined },
  } as unknown as Door)
  const known = new Set(routes.map(({ method, url }) => `${method} ${url.replace(/:\w+/g, ':')}`))
  const missing = WANTED.map((one) => one.replace(' ', ' /api/v4')).filter((one) => !known.has(one))
  t.strictSame(missing, [])
  t.ok(known.has('POST /hooks/:'), 'outside of the prefix')
})
