/** All that lets somebody in, but sessions themselves, put together. */
import { openAccessTokens } from './access-tokens.ts'
import type { Accounts } from './account-types.ts'
import { openAdministrators } from './administrators.ts'
import { openBots } from './bots.ts'
import type { AppContext } from './context.ts'
import { openPasskeys } from './passkeys.ts'
import { openPasswords } from './passwords.ts'
import type { openSessions } from './sessions.ts'
import { openSecondFactor } from './second-factor.ts'
import { openSigningIn, type SignInPorts } from './sign-in.ts'
import { openStanding } from './standing.ts'

type WithoutSessions = Omit<Accounts, keyof ReturnType<typeof openSessions>>

/** The parts of the app about accounts. */
export function openAccounts(context: AppContext, ports: SignInPorts): WithoutSessions {
  return {
    ...openSigningIn(context, ports),
    ...openPasswords(context, ports.passwords),
    ...openSecondFactor(context),
    ...openPasskeys(context),
    ...openAccessTokens(context),
    ...openBots(context),
    ...openStanding(context),
    ...openAdministrators(context),
  }
}
