// Passkeys: the browser's interface for them is reached by a script only. A form with data-passkey ("get" or "create") asks the
// browser what data-options says when it is sent, puts the answer in its field "answer", and is sent then.
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));

  const asked = (form) => {
    const { publicKey } = JSON.parse(form.dataset.options);
    publicKey.challenge = bytes(publicKey.challenge);
    if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
    if (publicKey.excludeCredentials) publicKey.excludeCredentials = listed(publicKey.excludeCredentials);
    if (publicKey.allowCredentials) publicKey.allowCredentials = listed(publicKey.allowCredentials);
    return publicKey;
  };

  const answer = (credential) => {
    const { response } = credential;
    const given = { clientDataJSON: text(response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) given[name] = text(response[name]);
    }
    if (response.getTransports) given.transports = response.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response: given,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined, clientExtensionResults: {},
    });
  };

  // Before other listeners: they see the form once it has its answer.
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (!form.dataset.passkey || form.elements.answer.value) return;
    e.preventDefault();
    e.stopPropagation();
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      const publicKey = asked(form);
      const make = form.dataset.passkey === "create";
      const credential = await (make ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
      form.elements.answer.value = answer(credential);
    } catch {
      failed.hidden = false; // given up, timed out, or not supported: the browser tells no more
      return;
    }
    form.requestSubmit();
  }, true);
  addEventListener("pageshow", () => document.querySelectorAll("form[data-passkey]").forEach((form) => { form.elements.answer.value = ""; }));
})();
