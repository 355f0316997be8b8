/** Every address of the door, in one list. */
import type { Door } from './door.ts'
import { auditRoutes } from './holdfast/audit.ts'
import { backupRoutes } from './holdfast/backup.ts'
import { courierRoutes } from './holdfast/courier.ts'
import { deliveryRoutes } from './holdfast/delivery.ts'
import { docsRoutes } from './holdfast/docs.ts'
import { dictionaryRoutes } from './holdfast/dictionaries.ts'
import { fileFetchRoutes } from './holdfast/files.ts'
import { paceRoutes } from './holdfast/pace.ts'
import { planRoutes } from './holdfast/plan.ts'
import { gapRoutes } from './holdfast/gaps.ts'
import { joiningRoutes } from './holdfast/joining.ts'
import { releaseRoutes } from './holdfast/release.ts'
import { revokingRoutes } from './holdfast/revoking.ts'
import { lockingRoutes } from './holdfast/locking.ts'
import { passkeyRoutes } from './holdfast/passkeys.ts'
import { policyRoutes } from './holdfast/policy.ts'
import { checklistRoutes } from './holdfast/checklist.ts'
import { purgingRoutes } from './holdfast/purging.ts'
import { nodeRoutes } from './holdfast/status.ts'
import { openIdRoutes } from './openid.ts'
import { pageRoutes } from './page.ts'
import { bookmarkRoutes } from './rest/bookmarks.ts'
import { botRoutes } from './rest/bots.ts'
import { mfaRoutes } from './rest/mfa.ts'
import { channelMemberRoutes } from './rest/channel-members.ts'
import { channelRoutes } from './rest/channels.ts'
import { commandRoutes } from './rest/commands.ts'
import { filePictureRoutes } from './rest/file-pictures.ts'
import { fileRoutes } from './rest/files.ts'
import { hookRoutes } from './rest/hooks.ts'
import { notifyRoutes } from './rest/notify.ts'
import { pictureRoutes } from './rest/pictures.ts'
import { postListRoutes } from './rest/post-lists.ts'
import { postRoutes } from './rest/posts.ts'
import { preferenceRoutes } from './rest/preferences.ts'
import { profileRoutes } from './rest/profile.ts'
import { reactionRoutes } from './rest/reactions.ts'
import { schemeRoutes } from './rest/schemes.ts'
import { searchRoutes } from './rest/search.ts'
import { sessionRoutes } from './rest/sessions.ts'
import { signInRoutes } from './rest/sign-in.ts'
import { tokenRoutes } from './rest/tokens.ts'
import { sidebarRoutes } from './rest/sidebar.ts'
import { statusRoutes } from './rest/status.ts'
import { systemRoutes } from './rest/system.ts'
import { teamRoutes } from './rest/teams.ts'
import { threadRoutes } from './rest/threads.ts'
import { unsentRoutes } from './rest/unsent.ts'
import { userRoutes } from './rest/users.ts'
import type { Route } from './route.ts'
import { trustRoutes } from './trust-page.ts'
import { welcomeRoutes } from './welcome.ts'

/** Mattermost's addresses, our own, and the page at `/`. */
export function allRoutes(door: Door): readonly Route[] {
  const routes = [
    signInRoutes,
    sessionRoutes,
    mfaRoutes,
    tokenRoutes,
    botRoutes,
    userRoutes,
    profileRoutes,
    statusRoutes,
    preferenceRoutes,
    searchRoutes,
    teamRoutes,
    channelRoutes,
    channelMemberRoutes,
    bookmarkRoutes,
    schemeRoutes,
    postRoutes,
    postListRoutes,
    reactionRoutes,
    threadRoutes,
    unsentRoutes,
    sidebarRoutes,
    fileRoutes,
    filePictureRoutes,
    pictureRoutes,
    hookRoutes,
    commandRoutes,
    notifyRoutes,
    systemRoutes,
    nodeRoutes,
    dictionaryRoutes,
    gapRoutes,
    fileFetchRoutes,
    planRoutes,
    paceRoutes,
    deliveryRoutes,
    joiningRoutes,
    revokingRoutes,
    releaseRoutes,
    lockingRoutes,
    auditRoutes,
    policyRoutes,
    purgingRoutes,
    checklistRoutes,
    courierRoutes,
    backupRoutes,
    passkeyRoutes,
    openIdRoutes,
    pageRoutes,
    trustRoutes,
    welcomeRoutes,
  ].flatMap((routesOf) => routesOf(door))
  return [...routes, ...docsRoutes(door, routes)]
}
