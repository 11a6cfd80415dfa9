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
  notice: {
    subject: '您的 {{project}} 账号的安全通知',
    preview: '发生了哪些更改，以及来自何处。',
    body: ['您的 {{b}}{{project}}{{/b}} 账号的安全设置有变动：'],
  },
  reasons: {
    mfaOn: '已开启两步登录。',
    mfaOff: '已关闭两步登录。',
    authenticatorAdded: '已添加身份验证器应用。',
    authenticatorRemoved: '已移除身份验证器应用。',
    recoveryCodesIssued: '已生成新的恢复码，之前的恢复码不再有效。',
    recoveryCodeUsed: '使用了一个恢复码。',
    wrongCodes:
      '输入错误验证码的次数过多。在最长一小时内，只有曾经通过第二步验证的设备才能输入验证码。',
    wrongRecoveryCodes:
      '输入错误恢复码的次数过多。在最长一小时内，只有曾经通过第二步验证的设备才能输入恢复码。',
    emailChanged: '邮箱地址已更改。',
    phoneChanged: '手机号码已更改。',
    phoneConfirmed: '已确认一个手机号码。',
    addressProven: '已证实此地址属于您。此前未经证实的设置已被移除。',
    passwordRemoved: '已移除一个密码。',
    sessionsEnded: '已结束会话。',
    factorsRemoved: '已移除第二验证方式。',
    identitiesRemoved: '已移除与登录服务的关联。',
    phoneRemoved: '已移除一个未验证的手机号码。',
    secretsVoided: '之前发送的链接和验证码不再有效。',
  },
}
