use super::own_frames;

fn check(stack: &str, frames: &[&str]) {
    assert_eq!(own_frames(stack), frames, "{stack}");
}

#[test]
fn python_innermost_first_without_libraries() {
    check(
        "Traceback (most recent call last):\n  \
         File \"/srv/app/main.py\", line 9, in <module>\n    run()\n  \
         File \"/srv/app/shop/cart.py\", line 12, in add\n    raise KeyError(sku)\n  \
         File \"/usr/lib/python3.11/json/decoder.py\", line 1, in decode\n\
         KeyError: 'sku-1'\n",
        &["add cart.py", "<module> main.py"],
    );
}

#[test]
fn chrome_without_build_hash_or_libraries() {
    check(
        "TypeError: x is undefined\n    \
         at addToCart (https://shop.example/assets/cart-BxT9d2Zk.js:1:2345)\n    \
         at e (https://shop.example/assets/vendor/node_modules/react.js:1:1)\n    \
         at async https://shop.example/assets/index.3f2a1b9c.js?v=2:7:9",
        &["addToCart cart.js", " index.js"],
    );
}

#[test]
fn firefox() {
    check(
        "addToCart@https://shop.example/cart.js:1:2\n@https://shop.example/:3:4\n",
        &["addToCart cart.js", " "],
    );
}

#[test]
fn java() {
    check(
        "java.lang.IllegalStateException: no\n\tat java.base/java.util.Optional.get(Optional.java:143)\n\
         \tat com.shop.Cart.add(Cart.java:12)\n\tat com.shop.Api.post(Api.java:40)",
        &["com.shop.Cart.add Cart.java", "com.shop.Api.post Api.java"],
    );
}

#[test]
fn dotnet() {
    check(
        "System.Exception: no\n   at System.Linq.Enumerable.First[T](IEnumerable`1 s)\n   \
         at Shop.Cart.Add(String id) in /app/Cart.cs:line 12",
        &["Shop.Cart.Add Cart.cs"],
    );
}

#[test]
fn go_and_rust_and_php_and_ruby() {
    check(
        "main.add(...)\n\t/app/cart.go:12 +0x1d\nruntime.goexit()\n\t/usr/local/go/src/runtime/asm.s:1",
        &[" cart.go"],
    );
    check(
        "   0: shop::cart::add\n             at ./src/cart.rs:12:5\n",
        &[" cart.rs"],
    );
    check(
        "#0 /app/vendor/x.php(1): y()\n#1 /app/Cart.php(12): Shop\\Cart->add()",
        &["Shop\\Cart->add Cart.php"],
    );
    check(
        "/app/cart.rb:12:in `add'\n\tfrom /app/main.rb:1:in `<main>'",
        &["add cart.rb", "<main> main.rb"],
    );
}

#[test]
fn only_libraries_or_no_stack() {
    check("Error\n    at f (node:internal/x:1:2)", &[" x"]);
    check("", &[]);
    check("something else\nentirely", &[]);
}
