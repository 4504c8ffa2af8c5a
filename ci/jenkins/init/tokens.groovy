// The three id-token credentials, made once: their keys stay, whatever is configured anew (see casc/tokens.yaml).
// Runs at every start, before jobs do; changes issuer and audience in place, and nothing else.
/* groovylint-disable CompileStatic, Instanceof */
import com.cloudbees.plugins.credentials.CredentialsScope
import com.cloudbees.plugins.credentials.SystemCredentialsProvider
import com.cloudbees.plugins.credentials.domains.Domain
import io.jenkins.plugins.oidc_provider.IdTokenFileCredentials

Map<String, String> roles = [
    'landfall-preview': 'Reads a cloud, to preview a stack and to look for drift',
    'landfall-deploy': 'Applies a stack that was previewed and approved',
    'landfall-data': 'Runs a month\'s steps, each as its own workload',
]
// Empty: Jenkins itself, at JENKINS_URL/oidc, which the clouds then must reach; else where its documents are published.
String issuer = System.getenv('LANDFALL_OIDC_ISSUER')

SystemCredentialsProvider provider = SystemCredentialsProvider.instance
List known = provider.store.getCredentials(Domain.global()).findAll { one -> one instanceof IdTokenFileCredentials }
roles.each { String id, String description ->
    IdTokenFileCredentials token = known.find { one -> one.id == id }
    boolean found = token != null
    token = token ?: new IdTokenFileCredentials(CredentialsScope.GLOBAL, id, description)
    token.audience = id    // infra/jenkins.py, AUDIENCES
    token.issuer = issuer
    if (!found) {
        provider.store.addCredentials(Domain.global(), token)
    }
}
provider.save()
