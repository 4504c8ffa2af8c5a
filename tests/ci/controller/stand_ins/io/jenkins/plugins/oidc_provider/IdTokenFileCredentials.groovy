package io.jenkins.plugins.oidc_provider

import com.cloudbees.plugins.credentials.CredentialsScope

/** As the plugin's: a key pair is made with the object, issuer and audience can be set afterwards. */
class IdTokenFileCredentials {
    final CredentialsScope scope
    final String id, description
    final String key = UUID.randomUUID()
    String issuer, audience

    IdTokenFileCredentials(CredentialsScope scope, String id, String description) {
        this.scope = scope
        this.id = id
        this.description = description
    }
}
