/**
 * The client configuration: what Mattermost clients may show. Every value is a string, as they expect. What this
 * node does not have is switched off here, so that clients offer no button for it.
 */
import { FILE_BYTES_MAX, MESSAGE_CHARACTERS_MAX } from '#base/limits.ts'
import type { Door } from '#server/door.ts'

/** What anybody may know before signing in. */
export function limitedConfig(door: Door): Readonly<Record<string, string>> {
  return {
    ...SWITCHES,
    AboutLink: '',
    BuildDate: '',
    EnableSignUpWithOpenId: String(door.openId !== undefined),
    BuildEnterpriseReady: 'false',
    BuildHash: 'holdfast',
    BuildHashEnterprise: 'none',
    BuildNumber: door.options.version,
    CustomBrandText: '',
    CustomDescriptionText: 'Keeps your team talking when the link does not.',
    DefaultClientLocale: 'en',
    DiagnosticId: door.nodeId,
    GuestAccountsEnforceMultifactorAuthentication: 'false',
    HelpLink: '',
    NoAccounts: String(door.people.all().length === 0),
    PasswordMinimumLength: '8',
    PluginsEnabled: 'false',
    PrivacyPolicyLink: '',
    ReportAProblemLink: '',
    SiteName: door.workspace.name,
    SiteURL: door.options.siteUrl ?? '',
    SupportEmail: '',
    TelemetryId: '',
    TermsOfServiceLink: '',
    Version: door.options.version,
    WebsocketPort: '80',
    WebsocketSecurePort: '443',
    WebsocketURL: '',
  }
}

/** What people who are signed in get: all of the above, and how to behave. */
export function fullConfig(door: Door): Readonly<Record<string, string>> {
  return {
    ...limitedConfig(door),
    CollapsedThreads: 'default_on',
    ExperimentalViewArchivedChannels: 'true',
    FeatureFlagAppsEnabled: 'false',
    FeatureFlagCallsEnabled: 'false',
    LockTeammateNameDisplay: 'false',
    MaxFileSize: String(FILE_BYTES_MAX),
    MaxNotificationsPerChannel: '1000',
    MaxPostSize: String(MESSAGE_CHARACTERS_MAX),
    MinimumHashtagLength: '3',
    PostEditTimeLimit: '-1',
    PostPriority: 'true',
    RestrictDirectMessage: 'any',
    SchemaVersion: '',
    SQLDriverName: '',
    TeammateNameDisplay: 'full_name',
    TimeBetweenUserTypingUpdatesMilliseconds: '5000',
  }
}

/** The free edition: nothing that needs a licence. */
export const LICENSE = { IsLicensed: 'false' } as const

const ON = [
  'AllowSyncedDrafts',
  'EnableChannelCategorySorting',
  'EnableCommands',
  'EnableCustomEmoji',
  'EnableFile',
  'EnableFileAttachments',
  'EnableIncomingWebhooks',
  'EnableMobileFileDownload',
  'EnableMobileFileUpload',
  'EnablePostIconOverride',
  'EnablePostUsernameOverride',
  'PostAcknowledgements',
  'ScheduledPosts',
  'AllowCustomThemes',
  'EnableBotAccountCreation',
  'EnableMultifactorAuthentication',
  'EnableUserAccessTokens',
  'EnableUserDeactivation',
  'EnableEmojiPicker',
  'EnableReliableWebSockets',
  'EnableSignInWithUsername',
  'EnableThemeSelection',
  'EnableUserStatuses',
  'EnableUserTypingMessages',
  'EnableChannelViewedMessages',
]

const OFF = [
  'AllowPersistentNotifications',
  'AppsPluginEnabled',
  'DiagnosticsEnabled',
  'EnableBanner',
  'EnableClientMetrics',
  'EnableCluster',
  'EnableCompliance',
  'EnableCustomBrand',
  'EnableCustomGroups',
  'EnableCustomTermsOfService',
  'EnableCustomUserStatuses',
  'EnableDesktopLandingPage',
  'EnableDeveloper',
  'EnableDiagnostics',
  'EnableEmailInvitations',
  'EnableGifPicker',
  'EnableGuestAccounts',
  'EnableJoinLeaveMessageByDefault',
  'EnableLatex',
  'EnableLdap',
  'EnableLinkPreviews',
  'EnableMarketplace',
  'EnableOAuthServiceProvider',
  'EnableOnboardingFlow',
  'EnableOpenServer',
  'EnableOutgoingWebhooks',
  'EnablePublicLink',
  'EnableSaml',
  'EnableSignInWithEmail',
  'EnableSignUpWithEmail',
  'EnableSignUpWithGitLab',
  'EnableSignUpWithGoogle',
  'EnableSignUpWithOffice365',
  'EnableSVGs',
  'EnableTesting',
  'EnableTutorial',
  'EnableUserCreation',
  'EnforceMultifactorAuthentication',
  'ExperimentalEnablePostMetadata',
  'ExperimentalSharedChannels',
  'HasImageProxy',
  'PasswordEnableForgotLink',
  'SendEmailNotifications',
  'SendPushNotifications',
  'ShowEmailAddress',
]

const SWITCHES: Readonly<Record<string, string>> = Object.fromEntries([
  ...ON.map((name) => [name, 'true'] as const),
  ...OFF.map((name) => [name, 'false'] as const),
])
