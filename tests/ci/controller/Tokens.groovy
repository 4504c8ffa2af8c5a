/*
 * Runs ci/jenkins/init/tokens.groovy twice over stand-ins of the plugins' classes: groovy -cp stand_ins Tokens.groovy SCRIPT
 * Prints the credentials after each run as JSON.
 */
import com.cloudbees.plugins.credentials.SystemCredentialsProvider
import groovy.json.JsonOutput
import io.jenkins.plugins.oidc_provider.IdTokenFileCredentials

List runs = (1..2).collect {
    new GroovyShell(SystemCredentialsProvider.classLoader).evaluate(new File(args[0]))
    SystemCredentialsProvider.KEPT.store.kept.findAll { one -> one instanceof IdTokenFileCredentials }
        .collect { one -> [id: one.id, key: one.key, issuer: one.issuer, audience: one.audience, scope: one.scope.name()] }
}
println JsonOutput.toJson([runs: runs, saved: SystemCredentialsProvider.KEPT.saved])
