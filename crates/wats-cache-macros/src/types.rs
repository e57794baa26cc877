//! What can be read off a type as it is written, without knowing what its names stand for.

use syn::{GenericArgument, Lifetime, PathArguments, Type, parse_quote};

/// Calls `visit` with a type and with all types it is made of, but for those of functions and traits.
fn walk(ty: &mut Type, visit: &mut impl FnMut(&mut Type)) {
    visit(ty);
    match ty {
        Type::Array(array) => walk(&mut array.elem, visit),
        Type::Group(group) => walk(&mut group.elem, visit),
        Type::Paren(paren) => walk(&mut paren.elem, visit),
        Type::Reference(reference) => walk(&mut reference.elem, visit),
        Type::Slice(slice) => walk(&mut slice.elem, visit),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|elem| walk(elem, visit)),
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                    for argument in &mut arguments.args {
                        if let GenericArgument::Type(ty) = argument {
                            walk(ty, visit);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// Whether a type visibly borrows from what is not `'static`.
pub(crate) fn borrows(ty: &Type) -> bool {
    let lasts = |lifetime: &Lifetime| lifetime.ident == "static";
    let mut found = false;
    walk(&mut ty.clone(), &mut |ty| match ty {
        Type::Reference(reference) => {
            found |= !reference.lifetime.as_ref().is_some_and(lasts);
        }
        Type::Path(path) => {
            for segment in &path.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
                    found |= arguments.args.iter().any(|argument| match argument {
                        GenericArgument::Lifetime(lifetime) => !lasts(lifetime),
                        _ => false,
                    });
                }
            }
        }
        _ => {}
    });
    found
}

/// The type with `_` for each `impl Trait`, which may not stand in the type of a closure.
pub(crate) fn with_inferred_impls(ty: &Type) -> Type {
    let mut ty = ty.clone();
    walk(&mut ty, &mut |ty| {
        if matches!(ty, Type::ImplTrait(_)) {
            *ty = parse_quote!(_);
        }
    });
    ty
}

#[cfg(test)]
mod tests {
    use super::{borrows, with_inferred_impls};
    use quote::ToTokens;

    #[test]
    fn what_borrows_is_found_at_any_depth() {
        let borrow = |text: &str| borrows(&syn::parse_str(text).unwrap());
        for text in [
            "&str",
            "Option<&str>",
            "&[&str]",
            "(u8, &'a T)",
            "Cow<'_, str>",
            "[&str; 2]",
        ] {
            assert!(borrow(text), "{text}");
        }
        for text in [
            "u8",
            "&'static str",
            "Option<Cow<'static, str>>",
            "fn(&str) -> &str",
            "()",
        ] {
            assert!(!borrow(text), "{text}");
        }
    }

    #[test]
    fn impl_trait_is_left_to_inference() {
        let ty = syn::parse_str("Result<(impl Clone + 'static, u8), E>").unwrap();
        let inferred = with_inferred_impls(&ty).to_token_stream().to_string();
        assert_eq!(inferred, "Result < (_ , u8) , E >");
    }
}
