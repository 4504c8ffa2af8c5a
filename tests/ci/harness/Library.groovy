import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.customizers.ImportCustomizer

/** What scripts and closures of a pipeline see: steps and the library's variables as methods, `env` and its friends. */
abstract class PipelineScript extends Script {
    Object invokeMethod(String name, Object arguments) {
        Library library = binding.getVariable('_library') as Library
        List given = arguments instanceof Object[] ? arguments as List : [arguments]
        List own = this.metaClass.respondsTo(this, name, arguments as Object[])
        if (own && name != 'call' && !Script.metaClass.respondsTo(this, name, arguments as Object[])) {
            return super.invokeMethod(name, arguments)
        }
        if (name == 'call' && own) {
            return super.invokeMethod(name, arguments)
        }
        return library.steps.call(name, given)
    }

    Object getProperty(String name) {
        if (name == 'binding' || name == 'metaClass') { return super.getProperty(name) }
        Map variables = binding.variables
        if (variables.containsKey(name)) { return variables[name] }
        Library library = variables._library as Library
        return library.property(name)
    }
}

/** `scm`: where the job's pipeline came from. */
class Scm {
    List userRemoteConfigs = [[url: 'https://example.com/acme/platform']]
}

/** The variables of `ci/vars`, compiled once, and bound to one build. */
class Library {
    private static final Map<String, Class> COMPILED = [:]
    private static ClassLoader loader
    private final Map<String, PipelineScript> variables = [:]
    private Build build
    Steps steps
    Map shared = [:]

    static void compile(File root) {
        CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: 'PipelineScript')
        GroovyClassLoader made = new GroovyClassLoader(Library.classLoader, configuration)
        made.addClasspath(new File(root, 'src').path)
        new File(root, 'vars').listFiles().findAll { it.name.endsWith('.groovy') }.sort().each { File file ->
            COMPILED[file.name - '.groovy'] = made.parseClass(file)
        }
        loader = made
    }

    static Class compilePipeline(String text, String name) {
        String known = text.replaceFirst(/(?m)^@Library\('landfall'\) _\s*$/, '')
        if (known == text) { throw new NotAPipeline("${name} does not begin with @Library('landfall') _") }
        CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: 'PipelineScript')
        return new GroovyClassLoader(loader, configuration).parseClass(known, name)
    }

    Library(Build build) {
        this.build = build
        steps = new Steps(build, this)
    }

    boolean has(String name) { return COMPILED.containsKey(name) }

    Object call(String name, List given) {
        if (!variables.containsKey(name)) {
            variables[name] = bind(COMPILED[name], [:])
        }
        build.note('library', name)
        return variables[name].metaClass.invokeMethod(variables[name], 'call', given as Object[])
    }

    PipelineScript bind(Class kind, Map more) {
        Binding binding = new Binding([_library: this, env: build.env, params: build.params, currentBuild: build.currentBuild,
                                       scm: new Scm()] + more)
        PipelineScript made = kind.newInstance() as PipelineScript
        made.binding = binding
        return made
    }

    Object property(String name) {
        if (build.env.containsKey(name)) { return build.env[name] }
        throw new NotAPipeline("No such property: ${name}")
    }

    /** The closure with steps as its methods, wherever it was written. */
    Closure inSteps(Closure body) {
        Closure made = body.clone() as Closure
        made.delegate = new InSteps(this, body)
        made.resolveStrategy = Closure.DELEGATE_FIRST
        return made
    }
}

/** The delegate of a body of steps: its methods are steps, its properties are those of the script it stands in. */
class InSteps extends GroovyObjectSupport {
    private final Library library
    private final PipelineScript script

    InSteps(Library library, Closure body) {
        this.library = library
        Object owner = body.thisObject
        script = owner as PipelineScript
    }

    Object invokeMethod(String name, Object arguments) {
        Object[] given = arguments as Object[]
        if (script.metaClass.respondsTo(script, name, given) && script.getClass().declaredMethods.any { it.name == name }) {
            return script.metaClass.invokeMethod(script, name, given)
        }
        return library.steps.call(name, given as List)
    }

    Object getProperty(String name) { return script.getProperty(name) }
    void setProperty(String name, Object value) { script.binding.setVariable(name, value) }
}
