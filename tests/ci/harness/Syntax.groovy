import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.stmt.BlockStatement
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.ReturnStatement
import org.codehaus.groovy.ast.stmt.Statement
import org.codehaus.groovy.ast.builder.AstBuilder
import org.codehaus.groovy.control.CompilePhase

/**
 * What Jenkins' declarative parser refuses before anything runs: two statements on one line, and in `steps` or a `post`
 * condition anything but a step's call, unless it stands in `script`.
 */
class Syntax {
    private static final Set<String> BODIES = ['steps', 'always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'notBuilt', 'cleanup'] as Set

    static void check(String text, String name) {
        String known = text.replaceFirst(/(?m)^@Library\('landfall'\) _\s*$/, '')
        List<ASTNode> nodes
        try {
            nodes = new AstBuilder().buildFromString(CompilePhase.CONVERSION, false, known)
        } catch (Exception problem) {
            throw new NotAPipeline("${name} is no Groovy: ${problem.message.readLines().take(3).join(' ')}")
        }
        BlockStatement top = nodes[0] as BlockStatement
        oneALine(top, name)
        top.visit(new CodeVisitorSupport() {
            void visitMethodCallExpression(MethodCallExpression call) {
                ClosureExpression body = closureOf(call)
                if (call.methodAsString == 'script' ) { return }
                if (body != null) {
                    oneALine(body.code as BlockStatement, name)
                    if (BODIES.contains(call.methodAsString)) { onlySteps(body.code as BlockStatement, name) }
                }
                super.visitMethodCallExpression(call)
            }
        })
    }

    private static ClosureExpression closureOf(MethodCallExpression call) {
        List arguments = call.arguments.metaClass.respondsTo(call.arguments, 'getExpressions') ? call.arguments.expressions : []
        return arguments && arguments[-1] instanceof ClosureExpression ? arguments[-1] as ClosureExpression : null
    }

    private static void oneALine(BlockStatement block, String name) {
        int last = -1
        for (Statement one in block.statements) {
            if (one.lineNumber > 0 && one.lineNumber == last) {
                throw new NotAPipeline("${name}:${one.lineNumber}: two statements on one line")
            }
            last = one.lastLineNumber
        }
    }

    private static void onlySteps(BlockStatement block, String name) {
        for (Statement one in block.statements) {
            Object expression = one instanceof ExpressionStatement ? one.expression : one instanceof ReturnStatement ? one.expression : null
            if (!(expression instanceof MethodCallExpression)) {
                throw new NotAPipeline("${name}:${one.lineNumber}: Expected a step")
            }
        }
    }
}
