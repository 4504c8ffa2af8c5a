/*
 * Runs ci/jenkins/jobs/seed.groovy with a recorder in Job DSL's place: groovy Seed.groovy SCRIPT CASES.json RESULTS.json
 *
 * A case is the text of LANDFALL_CLIENTS; its result is what was called, as nested [name, arguments, inner calls], or the error.
 * It shows what the script asks for, not that Job DSL knows each method: names are held to a list in test_controller_jobs.py.
 */
import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import org.codehaus.groovy.control.CompilerConfiguration

abstract class Recording extends Script {
    List calls = []

    def methodMissing(String name, Object arguments) {
        List all = arguments as List
        Closure body = all && all[-1] instanceof Closure ? (Closure) all.pop() : null
        List outer = calls
        calls = []
        if (body) {
            body.resolveStrategy = Closure.DELEGATE_FIRST
            body.call()
        }
        outer << [name, all.collect { one -> one.toString() }, calls]
        calls = outer
        return null
    }
}

CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: Recording.name)
GroovyShell shell = new GroovyShell(Recording.classLoader, new Binding(), configuration)
List results = new JsonSlurperClassic().parse(new File(args[1])).collect { String clients ->
    Recording script = (Recording) shell.parse(new File(args[0]))
    script.binding = new Binding(LANDFALL_CLIENTS: clients)
    try {
        script.run()
        return [calls: script.calls]
    } catch (IllegalArgumentException problem) {
        return [error: problem.message]
    }
}
new File(args[2]).text = JsonOutput.toJson(results)
