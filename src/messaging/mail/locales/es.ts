import type { MailLocale } from './locale.ts'

export const es: MailLocale = {
  hello: 'Hola, {{user}}:',
  helloNobody: 'Hola:',
  thanks: 'Gracias.',
  signature: 'El equipo de {{project}}',
  fallback: 'Si el botón no funciona, abre esta dirección:',
  phrase:
    'La frase de seguridad es {{b}}{{phrase}}{{/b}}. Continúa solo si es la que ves en tu pantalla.',
  agent: 'Solicitado con {{b}}{{agentClient}}{{/b}} en {{b}}{{agentOs}}{{/b}}.',
  mails: {
    verification: {
      subject: 'Verifica tu correo electrónico para {{project}}',
      preview: 'Un clic confirma que esta dirección es tuya.',
      heading: 'Verifica tu correo electrónico',
      body: ['Confirma que esta dirección de correo es la de tu cuenta de {{b}}{{project}}{{/b}}.'],
      button: 'Verificar dirección',
      footer: ['El enlace vale durante una hora. Si no lo has pedido, ignora este mensaje.'],
    },
    magicSession: {
      subject: 'Inicia sesión en {{project}}',
      preview: 'Aquí tienes tu enlace para entrar.',
      body: [
        'Con este enlace inicias sesión en {{b}}{{project}}{{/b}}. Sirve una sola vez y durante una hora.',
      ],
      button: 'Iniciar sesión',
      footer: [
        'Si no has intentado iniciar sesión, ignora este mensaje: sin el enlace no entra nadie.',
      ],
    },
    recovery: {
      subject: 'Restablece tu contraseña de {{project}}',
      preview: 'Elige una contraseña nueva.',
      body: [
        'Hemos recibido una petición para restablecer la contraseña de tu cuenta de {{b}}{{project}}{{/b}}. Con este enlace puedes elegir una nueva.',
      ],
      button: 'Elegir contraseña nueva',
      footer: [
        'El enlace vale durante una hora. Si no lo has pedido, ignora este mensaje: tu contraseña sigue igual.',
      ],
    },
    invitation: {
      subject: 'Invitación al equipo {{team}} en {{project}}',
      preview: 'Una invitación de {{owner}}.',
      heading: 'Tienes una invitación',
      body: [
        '{{b}}{{owner}}{{/b}} te invita a unirte al equipo {{b}}{{team}}{{/b}} en {{project}}.',
      ],
      button: 'Aceptar invitación',
      footer: ['Si no quieres unirte, ignora este mensaje.'],
    },
    mfaChallenge: {
      subject: 'Tu código de confirmación para {{project}}',
      preview: 'Confirma que eres tú.',
      heading: 'Confirma que eres tú',
      body: ['Escribe este código en {{b}}{{project}}{{/b}} para demostrar que eres tú.'],
      footer: [
        'El código vale durante una hora. No se lo des a nadie. Si no lo has pedido, puede que alguien sepa tu contraseña: cámbiala.',
      ],
    },
    sessionAlert: {
      subject: 'Nuevo inicio de sesión en tu cuenta de {{project}}',
      preview: '¿Has sido tú?',
      body: ['Alguien ha iniciado sesión en tu cuenta de {{b}}{{project}}{{/b}}.'],
      details: [
        'Dispositivo: {{b}}{{device}}{{/b}}',
        'Dirección IP: {{b}}{{ipAddress}}{{/b}}',
        'País: {{b}}{{country}}{{/b}}',
        'Hora: {{b}}{{date}} de {{year}}, {{time}} UTC{{/b}}',
      ],
      footer: [
        'Si has sido tú, no tienes que hacer nada. Si no, cambia tu contraseña y cierra las sesiones que no reconozcas.',
      ],
    },
    otpSession: {
      subject: 'Tu código para entrar en {{project}}',
      preview: 'Aquí tienes tu código para entrar.',
      heading: 'Tu código para entrar',
      body: ['Escribe este código para iniciar sesión en {{b}}{{project}}{{/b}}.'],
      footer: [
        'El código vale durante 15 minutos. No se lo des a nadie. Si no has intentado iniciar sesión, ignora este mensaje.',
      ],
    },
  },
  codes: {
    verification: {
      subject: 'Tu código de verificación de {{project}}',
      preview: 'Aquí tienes tu código para verificar esta dirección.',
      heading: 'Verifica tu correo electrónico',
      body: [
        'Escribe este código en {{b}}{{project}}{{/b}} para confirmar que esta dirección de correo es tuya.',
      ],
      footer: [
        'El código vale durante 15 minutos. No se lo des a nadie. Si no lo has pedido, ignora este mensaje.',
      ],
    },
    recovery: {
      subject: 'Tu código para una contraseña nueva en {{project}}',
      preview: 'Aquí tienes tu código para elegir una contraseña nueva.',
      heading: 'Restablece tu contraseña',
      body: ['Escribe este código en {{b}}{{project}}{{/b}} para elegir una contraseña nueva.'],
      footer: [
        'El código vale durante 15 minutos. No se lo des a nadie. Si no lo has pedido, ignora este mensaje: tu contraseña sigue igual.',
      ],
    },
  },
  notice: {
    subject: 'Aviso de seguridad de tu cuenta de {{project}}',
    preview: 'Qué ha cambiado y de dónde viene.',
    body: ['Ha cambiado algo que protege tu cuenta de {{b}}{{project}}{{/b}}:'],
  },
  reasons: {
    mfaOn: 'Se ha activado el acceso en dos pasos.',
    mfaOff: 'Se ha desactivado el acceso en dos pasos.',
    authenticatorAdded: 'Se ha añadido una aplicación de autenticación.',
    authenticatorRemoved: 'Se ha quitado la aplicación de autenticación.',
    recoveryCodesIssued:
      'Se han creado códigos de recuperación nuevos; los anteriores ya no sirven.',
    recoveryCodeUsed: 'Se ha usado un código de recuperación.',
    wrongCodes:
      'Se han escrito demasiados códigos incorrectos. Durante una hora como máximo, solo podrán escribir códigos los dispositivos que ya hayan superado el segundo paso.',
    wrongRecoveryCodes:
      'Se han escrito demasiados códigos de recuperación incorrectos. Durante una hora como máximo, solo podrán escribirlos los dispositivos que ya hayan superado el segundo paso.',
    emailChanged: 'Se ha cambiado la dirección de correo.',
    phoneChanged: 'Se ha cambiado el número de teléfono.',
    phoneConfirmed: 'Se ha confirmado un número de teléfono.',
    addressProven:
      'Se ha demostrado que esta dirección es tuya. Se ha quitado lo que se había configurado antes sin demostrarlo.',
    passwordRemoved: 'Se ha quitado una contraseña.',
    sessionsEnded: 'Se han cerrado sesiones.',
    factorsRemoved: 'Se han quitado segundos factores.',
    identitiesRemoved: 'Se han quitado vínculos con proveedores de acceso.',
    phoneRemoved: 'Se ha quitado un número de teléfono sin verificar.',
    secretsVoided: 'Los enlaces y códigos enviados antes ya no sirven.',
  },
}
