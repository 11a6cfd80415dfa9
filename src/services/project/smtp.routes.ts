import { z } from 'zod'
import { ApiError } from '#/errors'
import { described, optional } from '#/http/params'
import { plainText } from '#/identity/params'
import { email } from '#/lib/contact/email'
import { mailerOf } from '#/messaging/mail/mailer'
import { ownCarrier } from '#/messaging/mail/project-mail'
import { emailOrEmpty, hostname, onConsole, strict } from '#/pipeline/fields'
import { requireScope } from '#/pipeline/gates'
import { route } from '#/pipeline/route'
import { projectOf } from '#/project/settings'
import { projectModel } from '#/services/project/models'
import { retrying } from '#/services/project/retry'
import { changeSmtp, requireComplete, testMail } from '#/services/project/smtp'

const PATH = '/v1/project/smtp'
const MOST_TESTS = 10

const text = plainText(256, 0)

export const updateSMTP = route(
  {
    name: 'project.updateSMTP',
    summary: 'Change the mail server',
    description:
      'Changes the mail server of the project and checks that it answers; what is ' +
      'left out stays. API keys only, with the scope `templates.write` besides. ' +
      'Without `enabled` it is on if the server answers.',
    method: 'patch',
    path: PATH,
    scopes: ['project.write'],
    onConsole,
    input: {
      body: z.object({
        host: described(
          optional(hostname),
          'Host name of the mail server, on the public internet.',
        ),
        port: described(optional(z.int32()), 'Port of the mail server.'),
        username: described(optional(text), 'User name to log in with.'),
        password: described(
          optional(
            text.meta({
              wire: { type: 'string', minLength: 0, maxLength: 256, format: 'password' },
            }),
          ),
          'Password to log in with, which is never shown.',
        ),
        senderEmail: described(optional(emailOrEmpty), 'Address that mails come from.'),
        senderName: described(optional(text), 'Name that mails come from.'),
        replyToEmail: described(optional(emailOrEmpty), 'Address that answers go to.'),
        replyToName: described(optional(text), 'Name that answers go to.'),
        // Differs: upstream refuses '', so that encryption cannot be unset.
        secure: described(
          optional(z.enum(['', 'tls', 'ssl'])),
          "`ssl` encrypts from the start; `tls` and '' use STARTTLS.",
        ),
        enabled: described(
          optional(strict),
          'Whether mails go by this server; left out, they do if it answers.',
        ),
      }),
    },
    status: 200,
    model: projectModel,
    errors: ['general_argument_invalid', 'project_smtp_config_invalid'],
  },
  (c, given) => {
    // Differs: all mails with secrets go through this server, so that it needs the scope of mails as well.
    if (Object.values(given).some((value) => value !== undefined))
      requireScope(c, 'templates.write')
    return retrying(() => changeSmtp(c, given))
  },
)

export const createSMTPTest = route(
  {
    name: 'project.createSMTPTest',
    summary: 'Send test mails',
    description:
      'Sends a test mail to each address by the mail server of the project. API keys ' +
      'only. What fails is in the log alone.',
    method: 'post',
    path: `${PATH}/tests`,
    scopes: ['project.write'],
    onConsole,
    input: {
      body: z.object({
        emails: described(z.array(email).max(MOST_TESTS), 'Addresses to send to.'),
      }),
    },
    status: 204,
    errors: ['general_argument_invalid', 'general_smtp_disabled'],
  },
  async (c, { emails }) => {
    const { env } = c
    const { db, now, settings } = c.var
    const { smtp } = await projectOf(c)
    if (!smtp.enabled) throw new ApiError('general_argument_invalid', 'SMTP is not enabled.')
    requireComplete(smtp)
    const own = await ownCarrier(c, smtp)
    const mailer = mailerOf(env, settings, db, own.smtp)
    const sent = emails.map((to) =>
      mailer?.send(testMail(settings.PROJECT_NAME, to, own.sender, now)),
    )
    // What becomes of each is in the log alone (docs/contract/project.md §9.2): its carrier reports it there.
    c.executionCtx.waitUntil(Promise.allSettled(sent))
    return undefined
  },
)
