import type { MailLocale } from './locale.ts'

export const zhCn: MailLocale = {
  hello: '{{user}}，您好：',
  helloNobody: '您好：',
  thanks: '谢谢！',
  signature: '{{project}} 团队',
  fallback: '如果按钮无法使用，请打开以下地址：',
  phrase: '安全短语是 {{b}}{{phrase}}{{/b}}。只有当它与您屏幕上显示的一致时，才继续操作。',
  agent: '此请求来自 {{b}}{{agentOs}}{{/b}} 上的 {{b}}{{agentClient}}{{/b}}。',
  mails: {
    verification: {
      subject: '验证您在 {{project}} 的邮箱地址',
      preview: '点击一下即可确认此邮箱属于您。',
      heading: '验证邮箱地址',
      body: ['请确认此邮箱地址属于您的 {{b}}{{project}}{{/b}} 账号。'],
      button: '验证地址',
      footer: ['链接在一小时内有效。如果您没有提出过此请求，请忽略这封邮件。'],
    },
    magicSession: {
      subject: '登录 {{project}}',
      preview: '这是您的登录链接。',
      body: ['使用此链接登录 {{b}}{{project}}{{/b}}。链接只能使用一次，一小时内有效。'],
      button: '登录',
      footer: ['如果您没有尝试登录，请忽略这封邮件：没有链接，任何人都无法登录。'],
    },
    recovery: {
      subject: '重置您在 {{project}} 的密码',
      preview: '设置新密码。',
      body: [
        '我们收到了重置您 {{b}}{{project}}{{/b}} 账号密码的请求。您可以通过此链接设置新密码。',
      ],
      button: '设置新密码',
      footer: ['链接在一小时内有效。如果您没有提出过此请求，请忽略这封邮件，密码不会改变。'],
    },
    invitation: {
      subject: '邀请您加入 {{project}} 的团队 {{team}}',
      preview: '来自 {{owner}} 的邀请。',
      heading: '您收到了一份邀请',
      body: ['{{b}}{{owner}}{{/b}} 邀请您加入 {{project}} 的团队 {{b}}{{team}}{{/b}}。'],
      button: '接受邀请',
      footer: ['如果您不想加入，请忽略这封邮件。'],
    },
    mfaChallenge: {
      subject: '您的 {{project}} 确认码',
      preview: '请确认是您本人。',
      heading: '确认是您本人',
      body: ['请在 {{b}}{{project}}{{/b}} 中输入此确认码，以证明是您本人。'],
      footer: [
        '确认码在一小时内有效。请勿告诉任何人。如果您没有提出过此请求，可能有人知道您的密码，请尽快更改。',
      ],
    },
    sessionAlert: {
      subject: '您的 {{project}} 账号有新的登录',
      preview: '这是您本人吗？',
      body: ['有人登录了您的 {{b}}{{project}}{{/b}} 账号。'],
      details: [
        '设备：{{b}}{{device}}{{/b}}',
        'IP 地址：{{b}}{{ipAddress}}{{/b}}',
        '国家或地区：{{b}}{{country}}{{/b}}',
        '时间：{{b}}{{year}}年{{date}} {{time}} UTC{{/b}}',
      ],
      footer: ['如果是您本人，则无需任何操作。如果不是，请更改密码，并结束您不认识的会话。'],
    },
    otpSession: {
      subject: '您的 {{project}} 登录码',
      preview: '这是您的登录码。',
      heading: '您的登录码',
      body: ['请输入此登录码以登录 {{b}}{{project}}{{/b}}。'],
      footer: ['登录码在 15 分钟内有效。请勿告诉任何人。如果您没有尝试登录，请忽略这封邮件。'],
    },
  },
  codes: {
    verification: {
      subject: '您的 {{project}} 验证码',
      preview: '这是用于验证此邮箱的验证码。',
      heading: '验证邮箱地址',
      body: ['请在 {{b}}{{project}}{{/b}} 中输入此验证码，以确认此邮箱属于您。'],
      footer: ['验证码在 15 分钟内有效。请勿告诉任何人。如果您没有提出过此请求，请忽略这封邮件。'],
    },
    recovery: {
      subject: '您的 {{project}} 密码重置码',
      preview: '这是用于设置新密码的重置码。',
      heading: '重置密码',
      body: ['请在 {{b}}{{project}}{{/b}} 中输入此重置码，以设置新密码。'],
      footer: [
        '重置码在 15 分钟内有效。请勿告诉任何人。如果您没有提出过此请求，请忽略这封邮件，密码不会改变。',
      ],
    },
  },
}
