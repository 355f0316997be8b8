/** The commands about what was done, by whom. */
import type { Command } from 'commander'
import type { VerifyOptions } from './audit-verify.ts'
import type { AuditOptions } from './audit.ts'
import { command, examples, type Action } from './command.ts'
import type { Surroundings } from './terminal.ts'

/** The commands about what was done, by whom. */
export function addAuditCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  const audit = program
    .command('audit')
    .description('what was done on the nodes, by whom: list, follow, export, verify')
    .addHelpText('after', examples('audit list', 'audit export may.audit'))
  selecting(command(audit, 'list', surroundings))
    .description('show the newest entries that the running node holds')
    .option('--limit <number>', 'how many, up to 1000', '50')
    .addHelpText('after', examples('audit list --deed "sign-in refused,envelope refused"'))
    .action(action(async () => (await import('./audit.ts')).auditList))
  selecting(command(audit, 'follow', surroundings))
    .description('show entries as they come, until Ctrl-C')
    .addHelpText('after', examples('audit follow --json'))
    .action(action(async () => (await import('./audit.ts')).auditFollow))
  command(audit, 'export', surroundings)
    .argument('<file>', 'the file to make')
    .option('--node <id>', "only this node's audit")
    .description('write all audits here into a file that can be checked anywhere')
    .addHelpText('after', examples('audit export may.audit'))
    .action(
      action(async () => {
        const { auditExport } = await import('./audit.ts')
        return (options: AuditOptions, around, [file = '']) => auditExport(file, options, around)
      }),
    )
  command(audit, 'verify', surroundings)
    .argument('<file>', 'what `audit export` wrote')
    .argument('[newer]', 'a later export, which must go on from the first')
    .option('--root <key>', "the root's public key in hexadecimal digits")
    .option('--entries', 'also write every entry as a line of JSON')
    .description('check exported audits; needs neither a node nor its data folder')
    .addHelpText('after', examples('audit verify may.audit june.audit --root 5f0c…'))
    .action(
      action(async () => {
        const { auditVerify } = await import('./audit-verify.ts')
        return (options: VerifyOptions, around, files) => auditVerify(files, options, around)
      }),
    )
}

/** Options that choose among entries of audits. */
function selecting(made: Command): Command {
  return made
    .option('--node <id>', 'only entries of this node')
    .option('--deed <names>', 'only these deeds, commas between')
}
